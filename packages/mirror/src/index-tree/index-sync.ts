import type { Clock, Logger } from '@jarswarm/ports'

/** Wait before an index sync that failed is taken up again: whoever told of the head may still be fetching itself. */
const FIRST_SYNC_RETRY_MS = 500
/** The wait doubles up to this; a new head or a peer that joins ends it. */
const MAX_SYNC_RETRY_MS = 30_000

export interface IndexSyncComponents {
  /** Brings the index to the newest head, whichever that is by then. */
  readonly syncToNewest: (signal: AbortSignal) => Promise<void>
  readonly clock: Clock
  readonly logger: Logger
}

export interface IndexSyncInit {
  readonly enabled: boolean
  /** Name of the repository, for the log. */
  readonly name: string
}

/** Runs one sync of the index at a time, in the background, and takes one that failed up again. */
export class IndexSync {
  readonly #components: IndexSyncComponents
  readonly #init: IndexSyncInit
  readonly #stop = new AbortController()
  #running: Promise<void> | undefined
  #retry: { cancel(): void } | undefined
  #retryDelayMs = FIRST_SYNC_RETRY_MS

  constructor(components: IndexSyncComponents, init: IndexSyncInit) {
    this.#components = components
    this.#init = init
  }

  /** There is a newer head: whoever has it has its index, or is getting it. */
  newHead(): void {
    this.#retryDelayMs = FIRST_SYNC_RETRY_MS
    this.run()
  }

  /** Somebody else may have what was lacking. */
  peerJoined(): void {
    if (this.#retry !== undefined) this.run()
  }

  /** Bring the index to the newest head now. */
  run(): void {
    this.#retry?.cancel()
    this.#retry = undefined
    if (!this.#init.enabled || this.#stop.signal.aborted) return
    this.#running ??= this.#try().finally(() => {
      this.#running = undefined
    })
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the node stops'))
    this.#retry?.cancel()
    await this.#running
  }

  async #try(): Promise<void> {
    const { syncToNewest, clock, logger } = this.#components
    try {
      await syncToNewest(this.#stop.signal)
    } catch (error) {
      if (this.#stop.signal.aborted) return
      const fields = { repository: this.#init.name, error: String(error) }
      logger.debug(fields, 'index sync will go on later')
      this.#retry = clock.setTimer(() => {
        this.run()
      }, this.#retryDelayMs)
      this.#retryDelayMs = Math.min(this.#retryDelayMs * 2, MAX_SYNC_RETRY_MS)
    }
  }
}
