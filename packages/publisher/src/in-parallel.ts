/**
 * Changes of the disk that are under way at a time: as many as the thread pool of Node takes. Syncs that run together
 * share the disk's work, so that four take little longer than one.
 */
export const DISK_PARALLEL = 4

/**
 * Do something with each item, a bounded number at a time.
 *
 * After a failure nothing more is begun, and what was begun has ended before the failure is thrown.
 */
export async function inParallel<T>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  action: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = iteratorOf(items)
  let failed = false
  const work = async (): Promise<void> => {
    for (;;) {
      const next = await iterator.next()
      if (failed || next.done === true) return
      try {
        await action(next.value)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const results = await Promise.allSettled(Array.from({ length: limit }, work))
  const failure = results.find((result) => result.status === 'rejected')
  if (failure !== undefined) throw failure.reason
}

/** One iterator for many workers: an asynchronous generator queues what is asked of it. */
function iteratorOf<T>(items: Iterable<T> | AsyncIterable<T>): {
  next(): IteratorResult<T> | Promise<IteratorResult<T>>
} {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
}
