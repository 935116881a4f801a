/**
 * Wait for work no longer than a signal allows.
 *
 * The work itself may not heed the signal; what it brings after the wait ended goes to `onLate`, so that
 * nothing is left open. A late failure has nobody left to hear it.
 *
 * @throws the signal's reason once it is aborted
 */
export function untilAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  onLate?: (value: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let ended = signal.aborted
    const onAbort = (): void => {
      ended = true
      reject(signal.reason as Error)
    }
    if (ended) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    work.then(
      (value) => {
        signal.removeEventListener('abort', onAbort)
        if (ended) onLate?.(value)
        else resolve(value)
      },
      (error: unknown) => {
        signal.removeEventListener('abort', onAbort)
        reject(error)
      },
    )
  })
}
