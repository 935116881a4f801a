import type { Digest, IndexEntry } from '@jarswarm/manifest'
import { projectOf } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import type { BlobStore, IndexStore } from '@jarswarm/ports'
import { MAX_HELD_BLOBS, MAX_UNLISTED_BLOBS } from '../limits.ts'

/** 48 bits of a digest, which a number holds exactly. */
const UNLISTED_HEX_DIGITS = 12

/** What became of a blob: counted among those that can be listed, known from then on but not listed, or neither. */
export type Addition = 'listed' | 'unlisted' | 'none'

export interface HeldBlobsComponents {
  readonly blobs: BlobStore
  readonly index: IndexStore
  /** Whether a file was taken back, which the index may not know yet. */
  readonly isWithdrawn: (path: RepositoryPath) => boolean
}

/** Which blobs of a repository are in the store, and to which project each belongs. */
export class HeldBlobs {
  readonly #components: HeldBlobsComponents
  readonly #projectOf = new Map<Digest, string>()
  readonly #counts = new Map<string, number>()
  readonly #unlisted = new Set<number>()

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

  /** Whether a blob belongs to this repository, so that its peers may have it. */
  has(digest: Digest): boolean {
    return this.#projectOf.has(digest) || this.#unlisted.has(unlistedKey(digest))
  }

  /** What was withdrawn, and what was known before, is not added. */
  add(entry: IndexEntry): Addition {
    if (this.#components.isWithdrawn(entry.path) || this.has(entry.digest)) return 'none'
    if (this.#projectOf.size >= MAX_HELD_BLOBS) {
      if (this.#unlisted.size >= MAX_UNLISTED_BLOBS) return 'none'
      this.#unlisted.add(unlistedKey(entry.digest))
      return 'unlisted'
    }
    const project = projectOf(entry.path)
    this.#projectOf.set(entry.digest, project)
    this.#counts.set(project, (this.#counts.get(project) ?? 0) + 1)
    return 'listed'
  }

  /** @returns whether it was known */
  remove(digest: Digest): boolean {
    if (this.#unlisted.delete(unlistedKey(digest))) return true
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
      if (stored.has(entry.digest) && this.add(entry) === 'listed') added.push(entry.digest)
    }
    return added
  }
}

/** That another stored blob agrees in so much happens by chance once in 10^14 times the number of blobs. */
function unlistedKey(digest: Digest): number {
  return Number.parseInt(digest.slice(0, UNLISTED_HEX_DIGITS), 16)
}
