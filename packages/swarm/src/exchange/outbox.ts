/** A queue that is read as an iterable; what is put in before the end comes out in order. */
export class Outbox<Item> implements AsyncIterable<Item> {
  readonly #items: Item[] = []
  #ended = false
  #wake = Promise.withResolvers<undefined>()

  get size(): number {
    return this.#items.length
  }

  put(item: Item): void {
    this.#items.push(item)
    this.#notify()
  }

  end(): void {
    this.#ended = true
    this.#notify()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item> {
    for (;;) {
      const item = this.#items.shift()
      if (item !== undefined) yield item
      else if (this.#ended) return
      else await this.#wake.promise
    }
  }

  #notify(): void {
    this.#wake.resolve(undefined)
    this.#wake = Promise.withResolvers()
  }
}
