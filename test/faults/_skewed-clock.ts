import { SystemClock } from '@jarswarm/node'
import type { Clock } from '@jarswarm/ports'

/** The machine's clock, set wrong by as much as a test likes, at any moment. Timers run on, as those of a machine do. */
export class SkewedClock implements Clock {
  skewMs = 0
  /** Timers that were set without any delay: what a storm is made of. */
  hurriedTimers = 0
  readonly #system = new SystemClock()

  constructor(skewMs = 0) {
    this.skewMs = skewMs
  }

  now(): number {
    return this.#system.now() + this.skewMs
  }

  monotonicMs(): number {
    return this.#system.monotonicMs()
  }

  setTimer(callback: () => void, delayMs: number): { cancel(): void } {
    if (!(delayMs > 0)) this.hurriedTimers += 1
    return this.#system.setTimer(callback, delayMs)
  }
}
