import type { Clock } from '@jarswarm/ports'

/** Counts what a peer does within the running second. */
export class RequestRate {
  readonly #clock: Clock
  readonly #perSecond: number
  #second = 0
  #count = 0

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock
    this.#perSecond = perSecond
  }

  /** Count one; false when it is one too many. */
  take(): boolean {
    const second = Math.floor(this.#clock.monotonicMs() / 1_000)
    if (second !== this.#second) {
      this.#second = second
      this.#count = 0
    }
    this.#count += 1
    return this.#count <= this.#perSecond
  }
}
