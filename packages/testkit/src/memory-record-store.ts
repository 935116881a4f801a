import type { RecordStore } from '@jarswarm/ports'

/** A `RecordStore` in the heap. */
export class MemoryRecordStore implements RecordStore {
  readonly #texts = new Map<string, string>()

  get(name: string): Promise<unknown> {
    const text = this.#texts.get(name)
    return Promise.resolve(text === undefined ? undefined : (JSON.parse(text) as unknown))
  }

  set(name: string, value: unknown): Promise<void> {
    this.#texts.set(name, JSON.stringify(value))
    return Promise.resolve()
  }

  delete(name: string): Promise<void> {
    this.#texts.delete(name)
    return Promise.resolve()
  }

  async *list(prefix: string): AsyncIterable<readonly [name: string, value: unknown]> {
    for (const name of [...this.#texts.keys()].sort()) {
      if (name.startsWith(prefix)) yield [name, await this.get(name)]
    }
  }
}
