import type { Digest } from '@jarswarm/manifest'
import type { RepositoryId } from '@jarswarm/trust'
import type { ByteRange } from './blob-store.ts'
import type { ChecksumKind } from './proxy.ts'

/** Checksums by which peers of a LAN tell each other's files apart; MD5 can be forged. */
export type LanChecksumKind = Exclude<ChecksumKind, 'md5'>

/** A file of a proxied repository, as a node asks the peers of its LAN for it. */
export interface ProxiedQuery {
  readonly path: string
  /** What the origin itself states of the file: who does not know it learns nothing. */
  readonly checksum: { readonly kind: LanChecksumKind; readonly hex: string }
}

/** What a peer says that it holds. Nothing of it is checked. */
export interface ProxiedClaim {
  readonly digest: Digest
  readonly sizeBytes: number
}

/** What local peers may have of the proxied repositories of this node. Each read returns undefined for "not here". */
export interface LanContent {
  /** Whether this node proxies the repository. */
  proxies(repository: RepositoryId): boolean
  find(repository: RepositoryId, query: ProxiedQuery): Promise<ProxiedClaim | undefined>
  /** Part of a blob that `find` named before. */
  readBlob(
    repository: RepositoryId,
    digest: Digest,
    range: ByteRange,
  ): Promise<Uint8Array | undefined>
}
