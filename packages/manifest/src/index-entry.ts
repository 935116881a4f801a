import type { RepositoryPath } from '@jarswarm/maven'
import type { Digest } from './digest.ts'

/** What the index says of one artifact. */
export interface IndexEntry {
  readonly path: RepositoryPath
  /** SHA-256 of the blob. */
  readonly digest: Digest
  /** SHA-1 of the blob, 40 lower-case hex characters, for clients that know nothing better. */
  readonly sha1: string
  readonly sizeBytes: number
  /** Last change in whole seconds since the epoch; stays while the digest stays. */
  readonly mtimeSeconds: number
  /** Digest of the piece list; set exactly when the blob is larger than `PIECE_BYTES`. */
  readonly pieceList: Digest | undefined
}
