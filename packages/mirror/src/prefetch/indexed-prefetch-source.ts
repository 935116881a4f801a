import type { Head, IndexEntry } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import type { AbortOptions, BlobStore } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import type { BlobFetcher } from '../fetch/blob-fetcher.ts'
import type { IndexReader } from '../index-tree/index-reader.ts'
import type { BringOptions, GivenFile, PrefetchSource } from './prefetch-source.ts'

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

  constructor(components: IndexedPrefetchSourceComponents, init: IndexedPrefetchSourceInit) {
    this.id = init.id
    this.#components = components
    this.#head = init.head
  }

  async isHere(path: RepositoryPath, options: AbortOptions): Promise<boolean | undefined> {
    const { fetcher, blobs } = this.#components
    const entry = await this.#find(path, options)
    if (entry === undefined) return undefined
    return fetcher.isFetching(entry.digest) || (await blobs.has(entry.digest))
  }

  async bring(path: RepositoryPath, options: BringOptions): Promise<GivenFile | undefined> {
    const { fetcher, blobs } = this.#components
    const entry = await this.#find(path, options)
    if (entry === undefined) return undefined
    if (await blobs.has(entry.digest)) return { entry }
    if (!fetcher.isFetching(entry.digest) && !options.allow(entry.sizeBytes)) return undefined
    return { entry, arrived: await fetcher.bring(entry, { ...options, purpose: 'prefetch' }) }
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
}
