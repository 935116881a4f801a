import { decode, encodingLength } from 'uint8-varint'

/** Reads numbers and bytes in LevelDB's encoding, one after the other. Throws `RangeError` at the end. */
export class FieldReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  /** A variable-length integer. */
  number(): number {
    const value = decode(this.#bytes, this.#at)
    this.#at += encodingLength(value)
    return value
  }

  bytes(length: number): Uint8Array {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new RangeError('found the end, wanted more bytes')
    const bytes = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return bytes
  }
}
