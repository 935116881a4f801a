import type { BlobPutOptions, BlobStat, BlobStore, BlobWriter, ByteRange } from '@jarswarm/ports'

/**
 * A blob in the making in the heap: for small ones, which are stored in one go, and for large ones while the disk
 * has no room. Reading works after the end, for as long as somebody keeps the writer.
 */
export class MemoryWriter implements BlobWriter {
  readonly #store: BlobStore
  readonly #stat: BlobStat
  readonly #options: BlobPutOptions
  readonly #bytes: Uint8Array

  constructor(store: BlobStore, stat: BlobStat, options: BlobPutOptions) {
    this.#store = store
    this.#stat = stat
    this.#options = options
    this.#bytes = new Uint8Array(stat.sizeBytes)
  }

  write(offset: number, bytes: Uint8Array): Promise<void> {
    this.#bytes.set(bytes, offset)
    return Promise.resolve()
  }

  read({ offset, length }: ByteRange): Promise<Uint8Array> {
    return Promise.resolve(this.#bytes.subarray(offset, offset + length))
  }

  async commit(): Promise<void> {
    await this.#store.put(this.#stat.digest, this.#bytes, this.#options)
  }

  abort(): Promise<void> {
    return Promise.resolve()
  }
}
