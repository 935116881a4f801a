import type { Head, IndexEntry } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import { NoSpaceError } from '@jarswarm/ports'
import type { AbortOptions, BlobStore } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import type { BlobFetcher } from '../fetch/blob-fetcher.ts'
import type { IndexReader } from '../index-tree/index-reader.ts'
import type { BringOptions, PrefetchSource } from './prefetch-source.ts'

export interface IndexedPrefetchSourceComponents {
  readonly reader: IndexReader
  readonly fetcher: BlobFetcher
  readonly blobs: BlobStore
}

export interface IndexedPrefetchSourceInit {
  readonly id: RepositoryId
  readonly head: () => Head | undefined
}

/** Fetches ahead what a signed index names. What it does not name is not looked for anywhere. */
export class IndexedPrefetchSource implements PrefetchSource {
  readonly id: RepositoryId
  readonly #components: IndexedPrefetchSourceComponents
  readonly #head: () => Head | undefined
  /** Of files that are on their way, and not yet in what the store says it holds. */
  #comingBytes = 0

  constructor(components: IndexedPrefetchSourceComponents, init: IndexedPrefetchSourceInit) {
    this.id = init.id
    this.#components = components
    this.#head = init.head
  }

  async isHere(path: RepositoryPath, options: AbortOptions): Promise<boolean | undefined> {
    const entry = await this.#find(path, options)
    return entry === undefined ? undefined : await this.#components.blobs.has(entry.digest)
  }

  async bring(path: RepositoryPath, options: BringOptions): Promise<IndexEntry | undefined> {
    const { fetcher, blobs } = this.#components
    const entry = await this.#find(path, options)
    if (entry === undefined || (await blobs.has(entry.digest))) return entry
    if (!fetcher.isFetching(entry.digest)) {
      this.#checkRoom(entry)
      if (!options.allow(entry)) return undefined
    }
    this.#comingBytes += entry.sizeBytes
    try {
      await fetcher.store(entry, { ...options, purpose: 'prefetch' })
    } finally {
      this.#comingBytes -= entry.sizeBytes
    }
    return entry
  }

  async read(entry: IndexEntry): Promise<Uint8Array | undefined> {
    return await this.#components.blobs.read(entry.digest)
  }

  async #find(path: RepositoryPath, options: AbortOptions): Promise<IndexEntry | undefined> {
    const head = this.#head()
    if (head === undefined) return undefined
    const finding = await this.#components.reader.find(head, path, options)
    return finding.kind === 'entry' ? finding.entry : undefined
  }

  /** A guess at what comes next is never worth a file that somebody did ask for. */
  #checkRoom(entry: IndexEntry): void {
    const { bytes, quotaBytes } = this.#components.blobs.usage()
    const left = quotaBytes - bytes - this.#comingBytes
    if (entry.sizeBytes > left) {
      throw new NoSpaceError(
        `Cannot fetch ${entry.path} ahead: found room for ${left} bytes, wanted ${entry.sizeBytes}`,
      )
    }
  }
}
