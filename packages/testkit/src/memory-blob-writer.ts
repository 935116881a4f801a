import type { Digest } from '@jarswarm/manifest'
import type { BlobWriter, ByteRange, StagedWriter } from '@jarswarm/ports'

interface MemoryBlobWriterEnds {
  /** Verifies and keeps the bytes, or throws. `digest` is what a staged blob is named at its end. */
  commit(bytes: Uint8Array, digest: Digest | undefined): void
  abort(): void
}

/** The writer of `MemoryBlobStore`: one array that the parts are copied into. */
export class MemoryBlobWriter implements BlobWriter, StagedWriter {
  readonly #bytes: Uint8Array
  readonly #ends: MemoryBlobWriterEnds
  #open = true

  constructor(sizeBytes: number, ends: MemoryBlobWriterEnds) {
    this.#bytes = new Uint8Array(sizeBytes)
    this.#ends = ends
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    await Promise.resolve()
    this.#check({ offset, length: bytes.length })
    this.#bytes.set(bytes, offset)
  }

  async read(range: ByteRange): Promise<Uint8Array> {
    await Promise.resolve()
    this.#check(range)
    return this.#bytes.slice(range.offset, range.offset + range.length)
  }

  async commit(digest?: Digest): Promise<void> {
    await Promise.resolve()
    this.#check({ offset: 0, length: 0 })
    this.#open = false
    this.#ends.commit(this.#bytes, digest)
  }

  async abort(): Promise<void> {
    await Promise.resolve()
    if (!this.#open) return
    this.#open = false
    this.#ends.abort()
  }

  #check({ offset, length }: ByteRange): void {
    if (!this.#open) throw new TypeError('Cannot use the writer: found it closed, wanted it open')
    if (!Number.isSafeInteger(offset) || offset < 0 || offset + length > this.#bytes.length) {
      throw new RangeError(
        `Cannot use ${String(length)} bytes at ${String(offset)}: the blob has ${String(this.#bytes.length)}`,
      )
    }
  }
}
