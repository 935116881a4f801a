/** The two ends of a wait; the first call counts. */
export interface Waiter<Value> {
  resolve(value: Value): void
  reject(reason: unknown): void
}

/**
 * Wait for something that others bring about, or for the signal.
 *
 * @param begin starts the wait; what it returns is called when the signal ended it
 */
export function abortable<Value>(
  signal: AbortSignal | undefined,
  begin: (waiter: Waiter<Value>) => () => void,
): Promise<Value> {
  const { promise, resolve, reject } = Promise.withResolvers<Value>()
  if (signal?.aborted === true) {
    reject(signal.reason)
    return promise
  }
  const abort = (): void => {
    giveUp()
    reject(signal?.reason)
  }
  signal?.addEventListener('abort', abort, { once: true })
  const giveUp = begin({
    resolve(value) {
      signal?.removeEventListener('abort', abort)
      resolve(value)
    },
    reject(reason) {
      signal?.removeEventListener('abort', abort)
      reject(reason)
    },
  })
  return promise
}
