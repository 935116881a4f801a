import { PIECE_BYTES } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import { createHash } from 'node:crypto'

/** The SHA-256 of each piece of a file, made as its bytes come in chunks of any size. */
export class PieceHashes {
  readonly #digests: Digest[] = []
  #hash = createHash('sha256')
  #filledBytes = 0

  update(bytes: Uint8Array): void {
    for (let offset = 0; offset < bytes.length;) {
      const part = bytes.subarray(offset, offset + PIECE_BYTES - this.#filledBytes)
      this.#hash.update(part)
      this.#filledBytes += part.length
      offset += part.length
      if (this.#filledBytes === PIECE_BYTES) this.#next()
    }
  }

  /** In order. To be called once. */
  digests(): readonly Digest[] {
    if (this.#filledBytes > 0) this.#next()
    return this.#digests
  }

  #next(): void {
    this.#digests.push(this.#hash.digest('hex'))
    this.#hash = createHash('sha256')
    this.#filledBytes = 0
  }
}
