import type { BlobWriter, ByteRange, StagedWriter } from '@jarswarm/ports'
import { DigestMismatchError } from '@jarswarm/ports'
import type { Digest } from '@jarswarm/manifest'
import { checkDigest, hashFile } from './blob-files.ts'
import type { OpenFile } from './file-system.ts'
import { toStorageError } from './storage-error.ts'

export interface FileBlobWriterComponents {
  /** The temporary file, open and of the blob's size. */
  readonly file: OpenFile
  /** Give the file, which is verified, synced and closed, its name. */
  readonly commit: (digest: Digest) => Promise<void>
  /** Remove the file, which is closed. */
  readonly drop: () => Promise<void>
  /** Called once, however it ends. */
  readonly ended: () => void
}

/** A blob in the making: a temporary file of the final size that parts are written into. */
export class FileBlobWriter implements BlobWriter, StagedWriter {
  /** Undefined while nobody knows it: then `commit` names it. */
  readonly #digest: Digest | undefined
  readonly #sizeBytes: number
  readonly #components: FileBlobWriterComponents
  #open = true

  constructor(
    stat: { readonly digest: Digest | undefined; readonly sizeBytes: number },
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
      throw toStorageError(error, `write a part of ${this.#name}`)
    }
  }

  async read({ offset, length }: ByteRange): Promise<Uint8Array> {
    this.#checkRange({ offset, length })
    const bytes = new Uint8Array(length)
    try {
      await this.#components.file.read(bytes, offset)
    } catch (error) {
      throw toStorageError(error, `read a part of ${this.#name}`)
    }
    return bytes
  }

  async commit(digest: Digest | undefined = this.#digest): Promise<void> {
    this.#checkOpen()
    if (digest === undefined) throw new TypeError('Cannot store a blob: wanted its digest')
    checkDigest(digest)
    this.#open = false
    try {
      await this.#finish(digest)
      await this.#components.commit(digest)
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

  get #name(): string {
    return this.#digest === undefined ? 'a blob' : `blob ${this.#digest}`
  }

  async #finish(digest: Digest): Promise<void> {
    const { file, drop } = this.#components
    try {
      try {
        const { digest: actual } = await hashFile(file, { sizeBytes: this.#sizeBytes })
        if (actual !== digest) {
          throw new DigestMismatchError(`blob ${digest}`, { expected: digest, actual })
        }
        await file.sync()
      } finally {
        await file.close()
      }
    } catch (error) {
      // The first error is the one to report; what cannot be removed now is removed at the next start.
      await drop().catch(() => undefined)
      throw toStorageError(error, `store blob ${digest}`)
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
