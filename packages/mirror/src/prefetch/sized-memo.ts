import { LRUCache } from 'lru-cache'

export interface SizedMemoInit<T> {
  /** Sum of the sizes of what is kept. */
  readonly maxSize: number
  /** At least 1; also of remembering that there is none. */
  readonly sizeOf: (value: T | undefined) => number
}

/** Remembers the results of asynchronous work by key; equal work at the same time is done once. */
export class SizedMemo<T extends object> {
  readonly #running = new Map<string, Promise<T | undefined>>()
  readonly #done: LRUCache<string, { readonly value: T | undefined }>

  constructor(init: SizedMemoInit<T>) {
    this.#done = new LRUCache({
      maxSize: init.maxSize,
      sizeCalculation: ({ value }) => init.sizeOf(value),
    })
  }

  /** Whether the work was begun, and its result not yet forgotten. */
  has(key: string): boolean {
    return this.#running.has(key) || this.#done.has(key)
  }

  /** The remembered result, or that of `work`, which must not reject. */
  async get(key: string, work: () => Promise<T | undefined>): Promise<T | undefined> {
    const done = this.#done.get(key)
    if (done !== undefined) return done.value
    const running = this.#running.get(key) ?? this.#run(key, work)
    return await running
  }

  #run(key: string, work: () => Promise<T | undefined>): Promise<T | undefined> {
    const running = work()
      .then((value) => {
        this.#done.set(key, { value })
        return value
      })
      .finally(() => {
        this.#running.delete(key)
      })
    this.#running.set(key, running)
    return running
  }
}
