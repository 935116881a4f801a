import type { TrustRecord, TrustStore } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'

/** A `TrustStore` in the heap. */
export class MemoryTrustStore implements TrustStore {
  readonly #records = new Map<RepositoryId, TrustRecord>()

  load(repository: RepositoryId): Promise<TrustRecord | undefined> {
    const record = this.#records.get(repository)
    return Promise.resolve(record && copyOf(record))
  }

  save(repository: RepositoryId, record: TrustRecord): Promise<void> {
    this.#records.set(repository, copyOf(record))
    return Promise.resolve()
  }
}

function copyOf(record: TrustRecord): TrustRecord {
  return {
    roots: record.roots.map((root) => root.slice()),
    manifest: record.manifest?.slice(),
  }
}
