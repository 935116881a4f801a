import type { Clock } from '@jarswarm/ports'

/** Share of an interval by which it is shortened or lengthened at random, so that nodes do not march in step. */
export const JITTER = 0.2

export interface PeriodicComponents {
  readonly clock: Clock
  /** A number from 0 to 1, as `Math.random`. */
  readonly random: () => number
}

export interface PeriodicInit {
  readonly intervalMs: number
  /** Must not reject; what fails is its own to log. */
  readonly run: () => Promise<void>
}

/** Runs a task again and again, an interval with jitter after the end of the run before. */
export class Periodic {
  readonly #components: PeriodicComponents
  readonly #init: PeriodicInit
  #timer: { cancel(): void } | undefined
  #running: Promise<void> | undefined
  #started = false

  constructor(components: PeriodicComponents, init: PeriodicInit) {
    this.#components = components
    this.#init = init
  }

  start(): void {
    if (this.#started) return
    this.#started = true
    this.#plan()
  }

  /** Resolves when a run under way has ended. */
  async stop(): Promise<void> {
    this.#started = false
    this.#timer?.cancel()
    await this.#running
  }

  #plan(): void {
    const factor = 1 + JITTER * (2 * this.#components.random() - 1)
    this.#timer = this.#components.clock.setTimer(() => {
      this.#running = this.#init.run().finally(() => {
        if (this.#started) this.#plan()
      })
    }, this.#init.intervalMs * factor)
  }
}
