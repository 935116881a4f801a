import type { Clock } from '@jarswarm/ports'

/** A moment for tests that need one: 2026-11-22T20:00:00Z. */
export const TEST_NOW_MS: number = Date.UTC(2026, 10, 22, 20)

interface Timer {
  dueMs: number
  readonly callback: () => void
}

/** A clock that moves only when the test says so. Timers run inside `advance`, in the order of their time. */
export class ManualClock implements Clock {
  #nowMs: number
  #leapsMs = 0
  #timers: readonly Timer[] = []

  constructor(nowMs: number = TEST_NOW_MS) {
    this.#nowMs = nowMs
  }

  /** Timers that wait. Zero after a clean stop. */
  get pendingTimers(): number {
    return this.#timers.length
  }

  now(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs - this.#leapsMs
  }

  setTimer(callback: () => void, delayMs: number): { cancel(): void } {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), callback }
    this.#timers = [...this.#timers, timer]
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer)
      },
    }
  }

  /**
   * Let time pass. Timers that become due run at their moment, those that they set included; equal moments in
   * the order in which they were set.
   */
  advance(durationMs: number): void {
    const endMs = this.#nowMs + durationMs
    for (let next = this.#nextDue(endMs); next !== undefined; next = this.#nextDue(endMs)) {
      this.#nowMs = next.dueMs
      const due = next
      this.#timers = this.#timers.filter((other) => other !== due)
      due.callback()
    }
    this.#nowMs = endMs
  }

  /** Jump, as a wrong system clock does: also back, and without running a timer. What is left of each stays as long. */
  jumpTo(nowMs: number): void {
    const leapMs = nowMs - this.#nowMs
    for (const timer of this.#timers) timer.dueMs += leapMs
    this.#nowMs = nowMs
    this.#leapsMs += leapMs
  }

  #nextDue(endMs: number): Timer | undefined {
    return this.#timers
      .filter((timer) => timer.dueMs <= endMs)
      .reduce<Timer | undefined>(
        (first, timer) => (first === undefined || timer.dueMs < first.dueMs ? timer : first),
        undefined,
      )
  }
}
