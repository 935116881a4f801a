import { ManualClock } from '@jarswarm/testkit'

const STEP_MS = 10

/** A clock that runs with the machine's, and that a test lets run ahead. */
export class RunningClock extends ManualClock {
  readonly #timer: NodeJS.Timeout

  constructor() {
    super(Date.now())
    this.#timer = setInterval(() => {
      this.advance(STEP_MS)
    }, STEP_MS)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
