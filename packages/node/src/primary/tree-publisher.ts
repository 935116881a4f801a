import type { Clock, Logger } from '@jarswarm/ports'
import { errorCode } from '../error-code.ts'
import { TreeChanges } from './tree-changes.ts'
import { TreeWatcher } from './tree-watcher.ts'

/** Changes that come so soon after another are published with it: the files of a deploy, and their checksums. */
const JOIN_MS = 20
/** After a failure; each time twice as long. */
const RETRY_MS = 1_000
const LONGEST_RETRY_MS = 60_000
/** However much goes on that the system does not tell in full, the whole tree is looked at no more often. */
const WALK_GAP_MS = 10_000
/** What to set when the system cannot watch so many directories, by the error's code. */
const LIMITS: Readonly<Record<string, string>> = {
  ENOSPC: 'fs.inotify.max_user_watches',
  EMFILE: 'fs.inotify.max_user_instances',
}

/** What is to be published. */
export interface TreeLook {
  /** Paths below the tree where something changed; undefined means the whole tree. */
  readonly paths: readonly string[] | undefined
  /** To be told of files that may still be written. */
  readonly onYoung: (path: string) => void
  readonly signal: AbortSignal
}

export interface TreePublisherComponents {
  readonly publish: (look: TreeLook) => Promise<void>
  readonly clock: Clock
  readonly logger: Logger
}

export interface TreePublisherInit {
  readonly treeDir: string
  /** The whole tree is looked at this often. */
  readonly walkMs: number
  /** Files that may still be written are looked at again after so long. */
  readonly settleMs: number
}

type Timer = 'turn' | 'walk' | 'next-walk' | 'settled'

/** Publishes what changes in a tree as it happens, and looks at the whole tree at the start and from time to time. */
export class TreePublisher {
  readonly #components: TreePublisherComponents
  readonly #init: TreePublisherInit
  readonly #watcher: TreeWatcher
  readonly #stopped = new AbortController()
  readonly #timers = new Map<Timer, { cancel(): void }>()
  /** What changed since the last look. */
  readonly #changed = new TreeChanges()
  /** What may still be written, and when that is over. */
  readonly #young = new Map<string, number>()
  #failures = 0
  #underWay: Promise<void> | undefined

  constructor(components: TreePublisherComponents, init: TreePublisherInit) {
    this.#components = components
    this.#init = init
    const watching = {
      onChange: (path: string) => {
        this.#note(path)
      },
      onUnknown: () => {
        this.#setTimer('walk', WALK_GAP_MS)
      },
      onFailure: (error: unknown) => {
        this.#sayUnwatched(error)
      },
    }
    this.#watcher = new TreeWatcher(watching, init.treeDir)
  }

  /** Watches first, then looks: what changes in between is seen twice, and not missed. */
  start(): void {
    this.#underWay = this.#watcher.start().then(() => this.#turn())
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error('Stopped'))
    this.#watcher.stop()
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
    await this.#underWay
  }

  #note(path: string): void {
    this.#changed.add([path])
    this.#setTimer('turn', JOIN_MS)
  }

  async #turn(): Promise<void> {
    const paths = this.#changed.take()
    try {
      await this.#components.publish({
        paths,
        onYoung: (path) => this.#young.set(path, this.#dueMs()),
        signal: this.#stopped.signal,
      })
      this.#failures = 0
    } catch (error) {
      if (this.#stopped.signal.aborted) return
      this.#components.logger.warn({ err: error }, 'cannot publish the tree')
      this.#changed.add(paths)
      this.#failures += 1
    }
    this.#underWay = undefined
    this.#setTimers(paths === undefined)
  }

  #setTimers(isWalk: boolean): void {
    const retryMs = Math.min(RETRY_MS * 2 ** (this.#failures - 1), LONGEST_RETRY_MS)
    if (isWalk) this.#setTimer('next-walk', this.#init.walkMs)
    if (this.#young.size > 0) this.#setTimer('settled', this.#init.settleMs)
    if (!this.#changed.isEmpty) {
      this.#setTimer('turn', this.#failures === 0 ? JOIN_MS : retryMs)
    }
  }

  #dueMs(): number {
    return this.#components.clock.monotonicMs() + this.#init.settleMs
  }

  /** One timer of a name at a time: the first stays. None begins a turn while one is under way, which sets it in the end. */
  #setTimer(name: Timer, delayMs: number): void {
    if (this.#stopped.signal.aborted || this.#timers.has(name)) return
    if (name === 'turn' && this.#underWay !== undefined) return
    const run = (): void => {
      this.#timers.delete(name)
      this.#onTimer(name)
    }
    this.#timers.set(name, this.#components.clock.setTimer(run, delayMs))
  }

  #onTimer(name: Timer): void {
    switch (name) {
      case 'turn':
        this.#underWay = this.#turn()
        return
      case 'walk':
      case 'next-walk':
        this.#changed.add(undefined)
        this.#setTimer('turn', 0)
        return
      case 'settled':
        this.#lookAtSettled()
        return
    }
  }

  #lookAtSettled(): void {
    const nowMs = this.#components.clock.monotonicMs()
    for (const [path, dueMs] of this.#young) {
      if (dueMs > nowMs) continue
      this.#young.delete(path)
      this.#note(path)
    }
    // Written on until a moment ago, say.
    const [nextMs] = [...this.#young.values()].sort((a, b) => a - b)
    if (nextMs !== undefined) this.#setTimer('settled', nextMs - nowMs)
  }

  #sayUnwatched(error: unknown): void {
    const setting = LIMITS[errorCode(error) ?? '']
    const cure = setting === undefined ? '' : `; a larger ${setting} (sysctl) lets it`
    const every = `${String(this.#init.walkMs / 1000)} s`
    this.#components.logger.warn(
      { err: error },
      `cannot watch the tree for changes, so it is looked at every ${every} only${cure}`,
    )
  }
}
