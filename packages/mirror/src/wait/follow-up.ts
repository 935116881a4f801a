import type { Clock, Logger } from '@jarswarm/ports'

/** Wait before a task that failed is taken up again: whoever told of the head may still be fetching itself. */
const FIRST_RETRY_MS = 500
/** The wait doubles up to this; a new head or a peer that joins ends it. */
const MAX_RETRY_MS = 30_000

export interface FollowUpComponents {
  /** Does what the newest head calls for, whichever that is by then. */
  readonly task: (signal: AbortSignal) => Promise<void>
  readonly clock: Clock
  readonly logger: Logger
}

export interface FollowUpInit {
  readonly enabled: boolean
  /** Name of the repository, for the log. */
  readonly name: string
  /** What is done, for the log. */
  readonly what: string
}

/** Does what follows from each new head, once at a time and in the background, and takes up again what failed. */
export class FollowUp {
  readonly #components: FollowUpComponents
  readonly #init: FollowUpInit
  readonly #stop = new AbortController()
  #running: Promise<void> | undefined
  #again = false
  #retry: { cancel(): void } | undefined
  #retryDelayMs = FIRST_RETRY_MS

  constructor(components: FollowUpComponents, init: FollowUpInit) {
    this.#components = components
    this.#init = init
  }

  /** There is a newer head: whoever has it has its index, or is getting it. */
  newHead(): void {
    this.#retryDelayMs = FIRST_RETRY_MS
    this.run()
  }

  /** Somebody else may have what was lacking. */
  peerJoined(): void {
    if (this.#retry !== undefined) this.run()
  }

  /** Resolves when nothing is under way, whether it went well or not. */
  async settled(): Promise<void> {
    await this.#running
  }

  /** Begin now; when it is under way, it begins once more after that. */
  run(): void {
    this.#retry?.cancel()
    this.#retry = undefined
    if (!this.#init.enabled || this.#stop.signal.aborted) return
    this.#again = this.#running !== undefined
    this.#running ??= this.#try().finally(() => {
      this.#running = undefined
      if (this.#again) this.run()
    })
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the node stops'))
    this.#retry?.cancel()
    await this.#running
  }

  async #try(): Promise<void> {
    const { task, clock, logger } = this.#components
    try {
      await task(this.#stop.signal)
    } catch (error) {
      if (this.#stop.signal.aborted) return
      const { name, what } = this.#init
      const fields = { repository: name, error: String(error) }
      logger.debug(fields, `${what} will go on later`)
      this.#retry = clock.setTimer(() => {
        this.run()
      }, this.#retryDelayMs)
      this.#retryDelayMs = Math.min(this.#retryDelayMs * 2, MAX_RETRY_MS)
    }
  }
}
