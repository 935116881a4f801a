import type { BlobWriter, ByteRange } from '@jarswarm/ports'
import { DigestMismatchError } from '@jarswarm/ports'
import type { Digest } from '@jarswarm/manifest'
import { hashFile } from './blob-files.ts'
import type { OpenFile } from './file-system.ts'
import { toStorageError } from './storage-error.ts'

export interface FileBlobWriterComponents {
  /** The temporary file, open and of the blob's size. */
  readonly file: OpenFile
  /** Give the file, which is verified, synced and closed, its name. */
  readonly commit: () => Promise<void>
  /** Remove the file, which is closed. */
  readonly drop: () => Promise<void>
  /** Called once, however it ends. */
  readonly ended: () => void
}

/** A blob in the making: a temporary file of the final size that parts are written into. */
export class FileBlobWriter implements BlobWriter {
  readonly #digest: Digest
  readonly #sizeBytes: number
  readonly #components: FileBlobWriterComponents
  #open = true

  constructor(
    stat: { readonly digest: Digest; readonly sizeBytes: number },
    components: FileBlobWriterComponents,
  ) {
    this.#digest = stat.digest
    this.#sizeBytes = stat.sizeBytes
    this.#components = components
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    this.#checkRange({ offset, length: bytes.length })
    try {
      await this.#components.file.write(bytes, offset)
    } catch (error) {
      throw toStorageError(error, `write a part of blob ${this.#digest}`)
    }
  }

  async read({ offset, length }: ByteRange): Promise<Uint8Array> {
    this.#checkRange({ offset, length })
    const bytes = new Uint8Array(length)
    try {
      await this.#components.file.read(bytes, offset)
    } catch (error) {
      throw toStorageError(error, `read a part of blob ${this.#digest}`)
    }
    return bytes
  }

  async commit(): Promise<void> {
    this.#checkOpen()
    this.#open = false
    try {
      await this.#finish()
      await this.#components.commit()
    } finally {
      this.#components.ended()
    }
  }

  async abort(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    try {
      await this.#components.file.close()
      await this.#components.drop()
    } finally {
      this.#components.ended()
    }
  }

  async #finish(): Promise<void> {
    const { file, drop } = this.#components
    try {
      try {
        const { digest: actual } = await hashFile(file, { sizeBytes: this.#sizeBytes })
        if (actual !== this.#digest) {
          throw new DigestMismatchError(`blob ${this.#digest}`, { expected: this.#digest, actual })
        }
        await file.sync()
      } finally {
        await file.close()
      }
    } catch (error) {
      // The first error is the one to report; what cannot be removed now is removed at the next start.
      await drop().catch(() => undefined)
      throw toStorageError(error, `store blob ${this.#digest}`)
    }
  }

  #checkOpen(): void {
    if (!this.#open) throw new TypeError('Cannot use the writer: found it closed, wanted it open')
  }

  #checkRange({ offset, length }: ByteRange): void {
    this.#checkOpen()
    const isWhole = Number.isSafeInteger(offset) && Number.isSafeInteger(length)
    if (!isWhole || offset < 0 || length < 0 || offset + length > this.#sizeBytes) {
      throw new RangeError(
        `Cannot use ${String(length)} bytes at ${String(offset)}: the blob has ${String(this.#sizeBytes)}`,
      )
    }
  }
}
