import { formatPieceList, PIECE_BYTES, sha256, splitPieces } from '@jarswarm/manifest'
import type { IndexEntry } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import { createHash } from 'node:crypto'

/** An artifact with all that a publisher computes of it. */
export interface DescribedArtifact {
  readonly entry: IndexEntry
  readonly bytes: Uint8Array
  /** Piece list, of artifacts that have one. */
  readonly pieceList: Uint8Array | undefined
}

/** Compute the index entry of an artifact, and its piece list when it is large enough for one. */
export function describeArtifact(
  path: RepositoryPath,
  bytes: Uint8Array,
  mtimeSeconds: number,
): DescribedArtifact {
  const pieceList = bytes.length > PIECE_BYTES ? pieceListOf(bytes) : undefined
  const entry = {
    path,
    digest: sha256(bytes),
    sha1: createHash('sha1').update(bytes).digest('hex'),
    sizeBytes: bytes.length,
    mtimeSeconds,
    pieceList: pieceList && sha256(pieceList),
  }
  return { entry, bytes, pieceList }
}

function pieceListOf(bytes: Uint8Array): Uint8Array {
  const pieces = splitPieces(bytes.length)
  return formatPieceList(
    pieces.map(({ offset, length }) => sha256(bytes.subarray(offset, offset + length))),
  )
}
