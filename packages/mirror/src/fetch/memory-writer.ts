import type { BlobPutOptions, BlobStat, BlobStore, BlobWriter, ByteRange } from '@jarswarm/ports'

/**
 * A blob in the making in the heap: for small ones, which are stored in one go, and for large ones while the disk
 * has no room. Reading works after the end, for as long as somebody keeps the writer.
 */
export class MemoryWriter implements BlobWriter {
  readonly #store: BlobStore
  readonly #stat: BlobStat
  readonly #options: BlobPutOptions
  #bytes: Uint8Array | undefined

  constructor(store: BlobStore, stat: BlobStat, options: BlobPutOptions) {
    this.#store = store
    this.#stat = stat
    this.#options = options
  }

  write(offset: number, bytes: Uint8Array): Promise<void> {
    // Most blobs come whole: those are kept as they came.
    if (offset === 0 && bytes.length === this.#stat.sizeBytes) this.#bytes = bytes
    else this.#whole().set(bytes, offset)
    return Promise.resolve()
  }

  read({ offset, length }: ByteRange): Promise<Uint8Array> {
    return Promise.resolve(this.#whole().subarray(offset, offset + length))
  }

  async commit(): Promise<void> {
    await this.#store.put(this.#stat.digest, this.#whole(), this.#options)
  }

  abort(): Promise<void> {
    return Promise.resolve()
  }

  #whole(): Uint8Array {
    return (this.#bytes ??= new Uint8Array(this.#stat.sizeBytes))
  }
}
