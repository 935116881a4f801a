import { isPath } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { isDigest } from './digest.ts'
import type { Digest } from './digest.ts'
import { PIECE_BYTES } from './piece-list.ts'
import { MAX_ARTIFACT_BYTES, MAX_MTIME_SECONDS } from './limits.ts'

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

const SHA1 = /^[0-9a-f]{40}$/

/**
 * Say what keeps an entry out of an index: whatever `parseIndexNode` would refuse in its line.
 *
 * @returns undefined when nothing does
 */
export function entryFlawOf(entry: IndexEntry): string | undefined {
  const { path, digest, sha1, sizeBytes, mtimeSeconds, pieceList } = entry
  if (!isPath(path)) return 'its path is malformed'
  if (!isDigest(digest)) return `the digest ${digest} is malformed`
  if (!SHA1.test(sha1)) return `the SHA-1 ${sha1} is malformed`
  if (!isNatural(mtimeSeconds, MAX_MTIME_SECONDS)) {
    return `a time of ${String(mtimeSeconds)} s, wanted 0 to ${String(MAX_MTIME_SECONDS)}`
  }
  return sizeFlawOf(sizeBytes, pieceList)
}

/** Say what is wrong with a size, or with a piece list beside it; undefined when nothing is. */
export function sizeFlawOf(sizeBytes: number, pieceList: Digest | undefined): string | undefined {
  if (!isNatural(sizeBytes, MAX_ARTIFACT_BYTES)) {
    return `a size of ${String(sizeBytes)} bytes, wanted 0 to ${String(MAX_ARTIFACT_BYTES)}`
  }
  if (sizeBytes > PIECE_BYTES !== (pieceList !== undefined)) {
    return `a piece list is wanted exactly above ${String(PIECE_BYTES)} bytes`
  }
  if (pieceList !== undefined && !isDigest(pieceList)) return 'the piece list is malformed'
  return undefined
}

function isNatural(value: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= max
}
