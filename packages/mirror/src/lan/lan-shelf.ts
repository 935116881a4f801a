import type { Digest } from '@jarswarm/manifest'
import { isMutablePath, isPath } from '@jarswarm/maven'
import type {
  BlobStore,
  ByteRange,
  LanContent,
  ProxiedClaim,
  ProxiedQuery,
  ProxyCache,
  ProxyRecord,
} from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { LRUCache } from 'lru-cache'
import { MAX_NAMED_BLOBS } from '../limits.ts'
import { readRange } from '../share/read-range.ts'

export interface LanShelfComponents {
  readonly blobs: BlobStore
  /** What is known of the files of each proxied repository. */
  readonly caches: ReadonlyMap<RepositoryId, ProxyCache>
}

/**
 * The proxied repositories of this node as the peers of its LAN see them. Who asks must know what the origin states of a
 * file, so that nobody learns from the answer which files are here but those who could have them from the origin.
 */
export class LanShelf implements LanContent {
  readonly #components: LanShelfComponents
  /** Named in an answer of `find`: nothing else of the store is read, and no piece costs a search. */
  readonly #named = new LRUCache<string, true>({ max: MAX_NAMED_BLOBS })

  constructor(components: LanShelfComponents) {
    this.#components = components
  }

  proxies(repository: RepositoryId): boolean {
    return this.#components.caches.has(repository)
  }

  async find(repository: RepositoryId, query: ProxiedQuery): Promise<ProxiedClaim | undefined> {
    const { blobs, caches } = this.#components
    const { path, checksum } = query
    // What may change is asked of the origin, which alone knows what it is now.
    if (!isPath(path) || isMutablePath(path)) return undefined
    const record = await caches.get(repository)?.get(path)
    if (record === undefined || statedOf(record, checksum.kind) !== checksum.hex) return undefined
    if (!(await blobs.has(record.digest))) return undefined
    this.#named.set(keyOf(repository, record.digest), true)
    return { digest: record.digest, sizeBytes: record.sizeBytes }
  }

  async readBlob(
    repository: RepositoryId,
    digest: Digest,
    range: ByteRange,
  ): Promise<Uint8Array | undefined> {
    if (!this.#named.has(keyOf(repository, digest))) return undefined
    return await readRange(this.#components.blobs, digest, range)
  }
}

function statedOf(record: ProxyRecord, kind: ProxiedQuery['checksum']['kind']): string | undefined {
  switch (kind) {
    case 'sha512':
      return record.checksum === 'sha512' ? record.checksumHex : undefined
    case 'sha256':
      return record.digest
    case 'sha1':
      return record.sha1
  }
}

function keyOf(repository: RepositoryId, digest: Digest): string {
  return `${repository} ${digest}`
}
