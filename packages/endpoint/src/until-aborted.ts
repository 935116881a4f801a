/**
 * Wait for work no longer than a signal allows.
 *
 * The work itself may not heed the signal; what it brings after the wait ended goes to `onLate`, so that
 * nothing is left open. A late failure has nobody left to hear it.
 *
 * @throws the signal's reason once it is aborted
 */
export async function untilAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  onLate?: (value: T) => void,
): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => {
    aborted.reject(signal.reason)
  }
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([aborted.promise, work])
  } catch (error) {
    if (signal.aborted) work.then(onLate, () => undefined)
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
