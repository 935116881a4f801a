import type { Clock } from '@jarswarm/ports'
import type { Part, PartSource } from './part.ts'

/** Below this rate a source counts as slow, and others are asked for the same. */
export const SLOW_BYTES_PER_SECOND = 65_536
/** Below this rate, after the grace time, a source is given up. */
export const DEAD_BYTES_PER_SECOND = 8_192
/** A source that sent nothing for so long is given up; others were asked long before. */
export const DEAD_SILENCE_MS = 10_000
/** A source that sent nothing for so long is not counted on, though it may go on. */
const HEADWAY_SILENCE_MS = 2_000
/** Shortest time between two looks at a flight. */
const MIN_LOOK_MS = 25

export interface FlightInit {
  readonly source: PartSource
  readonly run: readonly Part[]
  readonly onOverdue: () => void
}

/** One request to one source, and the watch over its pace. */
export class Flight {
  readonly source: PartSource
  readonly run: readonly Part[]
  readonly controller: AbortController = new AbortController()
  /** Index in `run` of the part that comes next. */
  next = 0
  overdue = false
  /** Ended by us and through no fault of the source. */
  withdrawn = false
  readonly #clock: Clock
  readonly #onOverdue: () => void
  #since: number
  #receivedBytes = 0
  #lastByteAt: number
  #timer: { cancel(): void } | undefined

  constructor(components: { readonly clock: Clock }, init: FlightInit) {
    this.source = init.source
    this.run = init.run
    this.#clock = components.clock
    this.#onOverdue = init.onOverdue
    this.#since = this.#clock.monotonicMs()
    this.#lastByteAt = this.#since
    this.#look()
  }

  progress(bytes: number): void {
    this.#receivedBytes += bytes
    this.#lastByteAt = this.#clock.monotonicMs()
  }

  /** How long the next part still takes at the pace so far; undefined when nothing of it comes. */
  remainingMs(): number | undefined {
    const part = this.run[this.next]
    const nowMs = this.#clock.monotonicMs()
    if (part === undefined || this.#receivedBytes === 0) return undefined
    if (nowMs - this.#lastByteAt > HEADWAY_SILENCE_MS) return undefined
    const leftBytes = Math.max(part.length - this.#receivedBytes, 0)
    return (leftBytes * (nowMs - this.#since)) / this.#receivedBytes
  }

  /** A part came whole: the watch begins anew for the next one. */
  landed(): void {
    this.next += 1
    this.overdue = false
    this.#since = this.#clock.monotonicMs()
    this.#receivedBytes = 0
    this.#timer?.cancel()
    if (this.next < this.run.length) this.#look()
  }

  end(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** End it because nobody needs it any more. */
  withdraw(reason: Error): void {
    this.withdrawn = true
    this.#abort(reason)
  }

  #look(): void {
    const part = this.run[this.next]
    if (part === undefined) return
    const slowMs = this.source.patienceMs(part) + this.#allowanceMs(SLOW_BYTES_PER_SECOND)
    const deadMs = DEAD_SILENCE_MS + this.#allowanceMs(DEAD_BYTES_PER_SECOND)
    const elapsedMs = this.#clock.monotonicMs() - this.#since
    if (elapsedMs >= deadMs) {
      this.#abort(new Error(`silent for ${Math.round(elapsedMs / 1_000)} s`))
      return
    }
    if (!this.overdue && elapsedMs >= slowMs) {
      this.overdue = true
      this.#onOverdue()
    }
    const limitMs = this.overdue ? deadMs : slowMs
    this.#timer = this.#clock.setTimer(
      () => {
        this.#look()
      },
      Math.max(limitMs - elapsedMs, MIN_LOOK_MS),
    )
  }

  #abort(reason: Error): void {
    this.end()
    this.controller.abort(reason)
  }

  #allowanceMs(bytesPerSecond: number): number {
    return (this.#receivedBytes * 1_000) / bytesPerSecond
  }
}
