import type { Clock } from '@jarswarm/ports'

/** Wait for a time, or until the signal is aborted if that comes first; never rejects. */
export function pause(clock: Clock, durationMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = clock.setTimer(end, durationMs)
    signal.addEventListener('abort', end)
  })
}
