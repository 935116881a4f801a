import type { RepositoryPath } from '@jarswarm/maven'
import type { AbortOptions, ProxyCache, ProxyRecord } from '@jarswarm/ports'

/** A `ProxyCache` in the heap. */
export class MemoryProxyCache implements ProxyCache {
  readonly #records = new Map<RepositoryPath, ProxyRecord>()

  async get(path: RepositoryPath): Promise<ProxyRecord | undefined> {
    await Promise.resolve()
    return this.#records.get(path)
  }

  async put(record: ProxyRecord): Promise<void> {
    await Promise.resolve()
    this.#records.set(record.path, record)
  }

  async delete(paths: readonly RepositoryPath[]): Promise<void> {
    await Promise.resolve()
    for (const path of paths) this.#records.delete(path)
  }

  async *list(prefix: string, options: AbortOptions = {}): AsyncIterable<ProxyRecord> {
    for (const path of [...this.#records.keys()].sort()) {
      options.signal?.throwIfAborted()
      const record = path.startsWith(prefix) ? await this.get(path) : undefined
      if (record !== undefined) yield record
    }
  }
}
