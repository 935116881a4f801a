import { asciiOf } from './ascii.ts'
import { isDigest } from './digest.ts'
import type { Digest } from './digest.ts'
import { InvalidPieceListError } from './errors.ts'
import { MAX_ARTIFACT_BYTES } from './limits.ts'

/** Size of each piece of an artifact but the last: 256 KiB, what one answer of the exchange carries. */
export const PIECE_BYTES = 262_144

const HEADER = 'jarswarm pieces 1\n'
const LINE_BYTES = 65

/** Where one piece lies in its artifact. */
export interface PieceRange {
  readonly offset: number
  readonly length: number
}

/** Where the pieces of an artifact lie, in order; none of an empty one. */
export function splitPieces(sizeBytes: number): readonly PieceRange[] {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0 || sizeBytes > MAX_ARTIFACT_BYTES) {
    throw new RangeError(
      `Cannot split ${String(sizeBytes)} bytes: wanted 0 to ${String(MAX_ARTIFACT_BYTES)}`,
    )
  }
  return Array.from({ length: Math.ceil(sizeBytes / PIECE_BYTES) }, (_, index) => {
    const offset = index * PIECE_BYTES
    return { offset, length: Math.min(PIECE_BYTES, sizeBytes - offset) }
  })
}

/** Write the piece list of an artifact: one SHA-256 a line, in the order of the pieces. */
export function formatPieceList(digests: readonly Digest[]): Uint8Array {
  const flawed = digests.find((digest) => !isDigest(digest))
  if (flawed !== undefined) throw new TypeError(`Cannot format piece list: digest ${flawed}`)
  return Buffer.from(HEADER + digests.map((digest) => `${digest}\n`).join(''), 'latin1')
}

/**
 * Read the piece list of an artifact of a known size. Attackers hold the bytes unless they hash to what the index names.
 *
 * @returns the SHA-256 of each piece, in order
 * @throws {InvalidPieceListError}
 */
export function parsePieceList(bytes: Uint8Array, sizeBytes: number): readonly Digest[] {
  const pieces = Math.ceil(sizeBytes / PIECE_BYTES)
  const wanted = HEADER.length + pieces * LINE_BYTES
  if (bytes.length !== wanted) {
    throw new InvalidPieceListError(`${String(bytes.length)} bytes, wanted ${String(wanted)}`)
  }
  const lines = asciiOf(bytes)?.split('\n')
  if (lines === undefined || `${String(lines[0])}\n` !== HEADER || lines.pop() !== '') {
    throw new InvalidPieceListError('a header or an end that is none')
  }
  const digests = lines.slice(1)
  if (digests.length !== pieces || !digests.every(isDigest)) {
    throw new InvalidPieceListError('a line that is no digest')
  }
  return digests
}
