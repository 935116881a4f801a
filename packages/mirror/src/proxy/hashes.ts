import { formatPieceList } from '@jarswarm/manifest'
import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import type { ChecksumKind } from '@jarswarm/ports'
import { PieceHashes } from './piece-hashes.ts'

/** The digests of a file, made as its bytes come: those that name it, and the one that its origin states. */
export class Hashes {
  readonly #hashes = new Map<ChecksumKind, Hash>()
  readonly #pieces = new PieceHashes()

  constructor(stated: ChecksumKind) {
    for (const kind of ['sha256', 'sha1', stated] as const) {
      if (!this.#hashes.has(kind)) this.#hashes.set(kind, createHash(kind))
    }
  }

  update(bytes: Uint8Array): void {
    for (const hash of this.#hashes.values()) hash.update(bytes)
    this.#pieces.update(bytes)
  }

  /** By which a part of the stored file can be compared without the rest. To be called once. */
  pieceList(): Uint8Array {
    return formatPieceList(this.#pieces.digests())
  }

  /** Lower-case hex digits by kind. To be called once. */
  digests(): ReadonlyMap<ChecksumKind, string> {
    return new Map([...this.#hashes].map(([kind, hash]) => [kind, hash.digest('hex')]))
  }
}
