import { ProtocolError } from './errors.ts'

export interface ParallelMapInit {
  /** Results in work or waiting to be taken; more are not begun. */
  readonly concurrency: number
  /** Items taken from the source and not yet answered; one more is a breach of the protocol. */
  readonly maxPending: number
}

/** Map items as they come, several at once, and yield the results as they are ready, in any order. */
export async function* parallelMap<Item, Result>(
  source: AsyncIterable<Item>,
  map: (item: Item) => Promise<Result>,
  init: ParallelMapInit,
): AsyncGenerator<Result> {
  const waiting: Item[] = []
  const ready: Result[] = []
  let running = 0
  const state: { ended: boolean; failure?: { readonly reason: unknown } } = { ended: false }
  let wake = Promise.withResolvers<undefined>()
  const notify = (): void => {
    wake.resolve(undefined)
    wake = Promise.withResolvers()
  }
  const fail = (reason: unknown): void => {
    state.failure ??= { reason }
    notify()
  }
  const work = async (item: Item): Promise<void> => {
    try {
      ready.push(await map(item))
    } catch (error) {
      fail(error)
    }
    running -= 1
    begin()
    notify()
  }
  const begin = (): void => {
    while (running + ready.length < init.concurrency) {
      const item = waiting.shift()
      if (item === undefined) return
      running += 1
      void work(item)
    }
  }
  const read = async (): Promise<void> => {
    for await (const item of source) {
      if (waiting.length + running + ready.length >= init.maxPending) {
        const wanted = `at most ${String(init.maxPending)}`
        throw new ProtocolError(`Cannot take one more request: too many are open, wanted ${wanted}`)
      }
      waiting.push(item)
      begin()
    }
    state.ended = true
    notify()
  }
  void read().catch(fail)
  for (;;) {
    if (state.failure !== undefined) throw state.failure.reason
    const result = ready.shift()
    if (result !== undefined) {
      begin()
      yield result
    } else if (state.ended && running === 0 && waiting.length === 0) return
    else await wake.promise
  }
}
