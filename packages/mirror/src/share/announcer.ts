import type { Clock, Logger, Swarm } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { DAILY_BUDGET } from '../limits.ts'
import { Periodic } from '../wait/periodic.ts'
import type { HeldBlobs } from './held-blobs.ts'

/** Records live for 48 h; told anew well before. */
export const REPROVIDE_INTERVAL_MS = 79_200_000
/** Between two looks for records that have to be told anew. */
export const CHECK_INTERVAL_MS = 3_600_000
/** Without a new blob: the build that it was for comes first, though not for more than about an hour. */
export const QUIET_MS = 5_000
/** Stands for the whole repository; no project is called so. */
const WHOLE = '*'
const DAY_MS = 86_400_000

export interface AnnouncerComponents {
  readonly swarm: Swarm
  readonly held: HeldBlobs
  readonly clock: Clock
  readonly random: () => number
  readonly logger: Logger
}

export interface AnnouncerInit {
  readonly repository: RepositoryId
  /** Whether everything is here: then one key says so. */
  readonly isComplete: () => boolean
  /** Whether much is being fetched: then more will follow, and a full mirror has one key for all of it in the end. */
  readonly isFilling: () => boolean
  /** @defaultValue true */
  readonly enabled?: boolean
}

/** Tells the DHT of which projects this node holds something: rarest first, within a budget. */
export class Announcer {
  readonly #components: AnnouncerComponents
  readonly #init: AnnouncerInit
  readonly #repeat: Periodic
  readonly #stop = new AbortController()
  /** When each subject was announced; the whole repository is {@link WHOLE}. */
  readonly #announcedAtMs = new Map<string, number>()
  #spentSinceMs = 0
  #spent = 0
  #timer: { cancel(): void } | undefined
  #storedMs = Number.NEGATIVE_INFINITY
  #running: Promise<void> | undefined
  #dirty = false

  constructor(components: AnnouncerComponents, init: AnnouncerInit) {
    this.#components = components
    this.#init = init
    this.#repeat = new Periodic(components, {
      intervalMs: CHECK_INTERVAL_MS,
      run: () => this.#run(),
    })
  }

  start(): void {
    if (this.#init.enabled === false) return
    this.#repeat.start()
    this.changed()
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the node stops'))
    this.#timer?.cancel()
    this.#timer = undefined
    await this.#repeat.stop()
    await this.#running
  }

  /**
   * Something was stored. Announced together with what follows once nothing was stored for {@link QUIET_MS} and no fill is
   * under way, at the latest after about an hour: {@link CHECK_INTERVAL_MS} with its jitter.
   */
  stored(): void {
    this.#storedMs = this.#components.clock.monotonicMs()
    this.changed()
  }

  /** There may be more to tell of, or more to tell it to: as {@link stored}, but it does not put off what waits. */
  changed(): void {
    if (this.#init.enabled === false || this.#stop.signal.aborted) return
    if (this.#timer === undefined) this.#runWhenQuiet(QUIET_MS)
  }

  #runWhenQuiet(waitMs: number): void {
    const { clock } = this.#components
    this.#timer = clock.setTimer(() => {
      this.#timer = undefined
      const quietMs = clock.monotonicMs() - this.#storedMs
      const leftMs = this.#init.isFilling() ? QUIET_MS : QUIET_MS - quietMs
      if (leftMs > 0) this.#runWhenQuiet(leftMs)
      else void this.#run()
    }, waitMs)
  }

  /** One run at a time; what changes meanwhile is seen by one more. */
  #run(): Promise<void> {
    this.#dirty = true
    this.#running ??= this.#drain().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #drain(): Promise<void> {
    while (this.#dirty && !this.#stop.signal.aborted) {
      this.#dirty = false
      const names = this.#due().slice(0, this.#budgetLeft())
      if (names.length > 0 && !(await this.#announce(names))) return
    }
  }

  #due(): readonly string[] {
    const dueBeforeMs = this.#components.clock.now() - REPROVIDE_INTERVAL_MS
    const isDue = (name: string): boolean =>
      (this.#announcedAtMs.get(name) ?? Number.NEGATIVE_INFINITY) <= dueBeforeMs
    if (this.#init.isComplete()) return [WHOLE].filter(isDue)
    // What few blobs stand behind is what others are least likely to hold.
    return [...this.#components.held.projects()]
      .filter(([project]) => isDue(project))
      .sort((a, b) => a[1] - b[1])
      .map(([project]) => project)
  }

  #budgetLeft(): number {
    const nowMs = this.#components.clock.now()
    if (nowMs - this.#spentSinceMs >= DAY_MS) {
      this.#spentSinceMs = nowMs
      this.#spent = 0
    }
    return DAILY_BUDGET - this.#spent
  }

  /** @returns whether somebody was there to be told; else the rest stays due */
  async #announce(names: readonly string[]): Promise<boolean> {
    const { swarm, clock, logger } = this.#components
    const { signal } = this.#stop
    const projects = names.map((name) => (name === WHOLE ? undefined : name))
    try {
      for await (const project of swarm.provide(this.#init.repository, projects, { signal })) {
        this.#spent += 1
        this.#announcedAtMs.set(project ?? WHOLE, clock.now())
      }
      return true
    } catch (error) {
      logger.debug({ error: String(error) }, 'announcements failed')
      return false
    }
  }
}
