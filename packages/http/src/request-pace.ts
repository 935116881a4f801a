import { setTimeout as sleep } from 'node:timers/promises'
import { OriginLostError } from './errors.ts'

/** Pauses in a row that a server may ask for without answering anything in between. */
const MAX_PAUSES_IN_ROW = 10
/** Files in a row that may fail, each after its own retries: more is no fault of the files. */
const MAX_FAILURES_IN_ROW = 48

/** Keeps all requests to one server back together while it asks to be left alone, and says when to give up. */
export class RequestPace {
  readonly #url: string
  readonly #onPause: (pauseMs: number) => void
  #pausedUntil = 0
  #pauses = 0
  #failures = 0

  constructor(url: string, onPause: (pauseMs: number) => void) {
    this.#url = url
    this.#onPause = onPause
  }

  /** Wait until the server may be asked. */
  async ready(signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      signal?.throwIfAborted()
      const leftMs = this.#pausedUntil - performance.now()
      if (leftMs <= 0) return
      // A timer may be early by a fraction of a millisecond.
      await sleep(Math.ceil(leftMs), undefined, signal && { signal })
    }
  }

  answered(): void {
    this.#pauses = 0
    this.#failures = 0
  }

  /**
   * The server asks to be left alone.
   *
   * @throws {OriginLostError} when it does nothing else any more
   */
  pause(pauseMs: number): void {
    const until = performance.now() + pauseMs
    // Requests that were under way together are told the same thing.
    if (this.#pausedUntil <= performance.now()) {
      this.#pauses += 1
      this.#onPause(pauseMs)
    }
    this.#pausedUntil = Math.max(this.#pausedUntil, until)
    if (this.#pauses > MAX_PAUSES_IN_ROW) {
      throw new OriginLostError(
        this.#url,
        `it asked to wait ${String(this.#pauses)} times in a row`,
      )
    }
  }

  /**
   * A file could not be had.
   *
   * @throws {OriginLostError} when none can
   */
  failed(reason: string): void {
    this.#failures += 1
    if (this.#failures <= MAX_FAILURES_IN_ROW) return
    throw new OriginLostError(
      this.#url,
      `${String(this.#failures)} files in a row failed, the last one with: ${reason}`,
    )
  }
}
