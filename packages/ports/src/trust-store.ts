import type { RepositoryId } from '@jarswarm/trust'

/** What a node must never lose of a repository: the chain of roots, and the highest manifest it accepted. */
export interface TrustRecord {
  /** `1.root.json` first, then each successor; at least one. */
  readonly roots: readonly Uint8Array[]
  /** Root manifest bytes as they were received, or undefined before the first. */
  readonly manifest: Uint8Array | undefined
}

/** Keeps the trusted state of each repository over crashes: two generations, the newer valid one wins. */
export interface TrustStore {
  /** @returns undefined when nothing was stored, or when no generation can be read */
  load(repository: RepositoryId): Promise<TrustRecord | undefined>
  /** Resolves when durable. The generation before stays until the next save. */
  save(repository: RepositoryId, record: TrustRecord): Promise<void>
}
