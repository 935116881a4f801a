import type { Clock } from '@jarswarm/ports'

/** The machine's own clock and timers. Timers do not keep the process alive. */
export class SystemClock implements Clock {
  now(): number {
    return Date.now()
  }

  monotonicMs(): number {
    return performance.now()
  }

  setTimer(callback: () => void, delayMs: number): { cancel(): void } {
    const timer = setTimeout(callback, delayMs)
    timer.unref()
    return {
      cancel: () => {
        clearTimeout(timer)
      },
    }
  }
}
