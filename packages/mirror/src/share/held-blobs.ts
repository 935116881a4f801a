import type { Digest, IndexEntry } from '@jarswarm/manifest'
import { projectOf } from '@jarswarm/maven'
import type { BlobStore, IndexStore } from '@jarswarm/ports'

/** Most blobs kept account of; a cache beyond it tells of these, and of new ones. About 100 B each. */
export const MAX_HELD_BLOBS = 500_000

export interface HeldBlobsComponents {
  readonly blobs: BlobStore
  readonly index: IndexStore
}

/** Which blobs of a repository are in the store, and to which project each belongs. */
export class HeldBlobs {
  readonly #components: HeldBlobsComponents
  readonly #projectOf = new Map<Digest, string>()
  readonly #counts = new Map<string, number>()

  constructor(components: HeldBlobsComponents) {
    this.#components = components
  }

  digests(): IterableIterator<Digest> {
    return this.#projectOf.keys()
  }

  /** Projects of which something is here, with the number of blobs of each. */
  projects(): ReadonlyMap<string, number> {
    return this.#counts
  }

  /** @returns whether it was not known before */
  add(entry: IndexEntry): boolean {
    if (this.#projectOf.has(entry.digest) || this.#projectOf.size >= MAX_HELD_BLOBS) return false
    const project = projectOf(entry.path)
    this.#projectOf.set(entry.digest, project)
    this.#counts.set(project, (this.#counts.get(project) ?? 0) + 1)
    return true
  }

  /** @returns whether it was known */
  remove(digest: Digest): boolean {
    const project = this.#projectOf.get(digest)
    if (project === undefined) return false
    this.#projectOf.delete(digest)
    const left = (this.#counts.get(project) ?? 1) - 1
    if (left > 0) this.#counts.set(project, left)
    else this.#counts.delete(project)
    return true
  }

  /**
   * Compare the store with the index, path by path.
   *
   * @returns the digests that were not known before
   */
  async scan(signal: AbortSignal): Promise<readonly Digest[]> {
    const { blobs, index } = this.#components
    const stored = new Set<Digest>()
    for await (const { digest } of blobs.list()) {
      signal.throwIfAborted()
      stored.add(digest)
    }
    const added: Digest[] = []
    if (stored.size === 0) return added
    for await (const entry of index.listEntries('', { signal })) {
      if (stored.has(entry.digest) && this.add(entry)) added.push(entry.digest)
    }
    return added
  }
}
