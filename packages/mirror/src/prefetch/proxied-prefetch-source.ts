import type { IndexEntry } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import type { AbortOptions } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import type { BringOptions, GivenFile, PrefetchSource } from './prefetch-source.ts'

/** What a node knows by itself of a file of a proxied repository. */
export type LocalFinding =
  | { readonly kind: 'held' | 'evicted'; readonly entry: IndexEntry }
  /** It is being asked for. */
  | { readonly kind: 'coming' }
  /** The origin said so not long ago. */
  | { readonly kind: 'missing' }
  | { readonly kind: 'unknown' }

/** A proxied repository, as far as fetching ahead concerns it. */
export interface ProxiedFiles {
  readonly id: RepositoryId
  /** What can be said of a file without asking the origin. */
  look(path: RepositoryPath): Promise<LocalFinding>
  /** Whether the origin may be asked at all. */
  mayAsk(): boolean
  /** See to it that a file is here; undefined when the origin does not have it. */
  fetch(path: RepositoryPath, options: AbortOptions): Promise<IndexEntry | undefined>
  /** The bytes of a file that is here. */
  read(entry: IndexEntry): Promise<Uint8Array | undefined>
}

/**
 * Fetches ahead from the origin of a proxied repository: what a client's next requests would ask it for, and no more. It is
 * left alone while it asks for that, and not asked again for what it said it does not have.
 */
export class ProxiedPrefetchSource implements PrefetchSource {
  readonly #repository: ProxiedFiles

  constructor(repository: ProxiedFiles) {
    this.#repository = repository
  }

  get id(): RepositoryId {
    return this.#repository.id
  }

  /** A file that never was here may not exist: only the origin knows. */
  async isHere(path: RepositoryPath): Promise<boolean | undefined> {
    const found = await this.#repository.look(path)
    if (found.kind === 'held') return true
    return found.kind === 'evicted' ? false : undefined
  }

  async bring(path: RepositoryPath, options: BringOptions): Promise<GivenFile | undefined> {
    const found = await this.#repository.look(path)
    if (found.kind === 'held') return { entry: found.entry }
    if (found.kind === 'missing') return undefined
    if (found.kind !== 'coming') {
      if (!this.#repository.mayAsk()) return undefined
      // What it had is most likely what it has.
      const sizeBytes = found.kind === 'evicted' ? found.entry.sizeBytes : undefined
      if (!options.allow(sizeBytes)) return undefined
    }
    const entry = await this.#repository.fetch(path, options)
    return entry && { entry }
  }

  async read(entry: IndexEntry): Promise<Uint8Array | undefined> {
    return await this.#repository.read(entry)
  }
}
