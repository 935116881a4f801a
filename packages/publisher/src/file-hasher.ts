import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { PIECE_BYTES } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import type { SidecarAlgorithm } from '@jarswarm/maven'

/** The digests of a file, computed in one pass. */
export interface FileDigests {
  readonly digest: Digest
  readonly sha1: string
  readonly sizeBytes: number
  /** SHA-256 of each piece; undefined when the file fits one piece. */
  readonly pieces: readonly Digest[] | undefined
  /** The hashes that sidecars of the file state. */
  readonly stated: ReadonlyMap<SidecarAlgorithm, string>
}

/** Hashes a file as its bytes come: SHA-256, SHA-1, the pieces', and whatever its sidecars state. */
export class FileHasher {
  readonly #hashes: ReadonlyMap<SidecarAlgorithm, Hash>
  readonly #pieces: Digest[] = []
  #piece: Hash | undefined
  #pieceBytes = 0
  #sizeBytes = 0

  /** @param sizeBytes of the file, where it is known: one that fits one piece needs no hash of pieces */
  constructor(algorithms: readonly SidecarAlgorithm[], sizeBytes: number | undefined) {
    this.#hashes = new Map(
      (['sha256', 'sha1', ...algorithms] as const).map((name) => [name, createHash(name)]),
    )
    if (sizeBytes === undefined || sizeBytes > PIECE_BYTES) this.#piece = createHash('sha256')
  }

  update(bytes: Uint8Array): void {
    for (const hash of this.#hashes.values()) hash.update(bytes)
    this.#sizeBytes += bytes.length
    for (let rest = bytes; this.#piece !== undefined && rest.length > 0;) {
      const part = rest.subarray(0, PIECE_BYTES - this.#pieceBytes)
      this.#piece.update(part)
      this.#pieceBytes += part.length
      rest = rest.subarray(part.length)
      if (this.#pieceBytes === PIECE_BYTES) this.#endPiece(this.#piece)
    }
  }

  /** To be called once, after the last byte. */
  digests(): FileDigests {
    if (this.#piece !== undefined && this.#pieceBytes > 0) this.#endPiece(this.#piece)
    const stated = new Map([...this.#hashes].map(([name, hash]) => [name, hash.digest('hex')]))
    return {
      digest: stated.get('sha256') ?? '',
      sha1: stated.get('sha1') ?? '',
      sizeBytes: this.#sizeBytes,
      pieces: this.#sizeBytes > PIECE_BYTES ? this.#pieces : undefined,
      stated,
    }
  }

  #endPiece(piece: Hash): void {
    this.#pieces.push(piece.digest('hex'))
    this.#piece = createHash('sha256')
    this.#pieceBytes = 0
  }
}
