import type { Digest, IndexEntry } from '@jarswarm/manifest'
import { projectOf } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import type { BlobStore, IndexStore } from '@jarswarm/ports'
import { MAX_HELD_BLOBS, MAX_UNTOLD_BLOBS } from '../limits.ts'

/** 48 bits of a digest, which a number holds exactly. */
const UNTOLD_HEX_DIGITS = 12

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
  readonly #untold = new Set<number>()

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
    return this.#projectOf.has(digest) || this.#untold.has(untoldKey(digest))
  }

  /**
   * What was withdrawn is not added.
   *
   * @returns whether it was not known before, and others are to be told
   */
  add(entry: IndexEntry): boolean {
    if (this.#components.isWithdrawn(entry.path)) return false
    if (this.#projectOf.has(entry.digest)) return false
    if (this.#projectOf.size >= MAX_HELD_BLOBS) {
      if (this.#untold.size < MAX_UNTOLD_BLOBS) this.#untold.add(untoldKey(entry.digest))
      return false
    }
    const project = projectOf(entry.path)
    this.#projectOf.set(entry.digest, project)
    this.#counts.set(project, (this.#counts.get(project) ?? 0) + 1)
    return true
  }

  /** @returns whether it was known */
  remove(digest: Digest): boolean {
    if (this.#untold.delete(untoldKey(digest))) return true
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

/** That another stored blob agrees in so much happens by chance once in 10^14 times the number of blobs. */
function untoldKey(digest: Digest): number {
  return Number.parseInt(digest.slice(0, UNTOLD_HEX_DIGITS), 16)
}
