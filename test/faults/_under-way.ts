type Method = (...args: unknown[]) => unknown

/** Counts what an object was asked for and has not answered yet, so that simulated time can wait for a real disk. */
export class UnderWay {
  #count = 0

  get count(): number {
    return this.#count
  }

  /** The same object, counted; what it gives that can be written to, too. */
  counted<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (of, name) => {
        const member: unknown = Reflect.get(of, name, of)
        if (typeof member !== 'function') return member
        return (...args: unknown[]) => this.#track((member as Method).apply(of, args))
      },
    })
  }

  #track(result: unknown): unknown {
    if (result instanceof Promise) return this.#await(result as Promise<unknown>)
    if (isIterable(result)) return { [Symbol.asyncIterator]: () => this.#iterate(result) }
    return result
  }

  async #await(promise: Promise<unknown>): Promise<unknown> {
    this.#count += 1
    try {
      const value = await promise
      return isWriter(value) ? this.counted(value) : value
    } finally {
      this.#count -= 1
    }
  }

  async *#iterate(values: AsyncIterable<unknown>): AsyncGenerator {
    const iterator = values[Symbol.asyncIterator]()
    try {
      for (;;) {
        const next = (await this.#await(iterator.next())) as IteratorResult<unknown>
        if (next.done === true) return
        yield next.value
      }
    } finally {
      await iterator.return?.()
    }
  }
}

const isIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

const isWriter = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && 'commit' in value
