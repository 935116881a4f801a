import { isDigest, sha256 } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import { DigestMismatchError, NoSpaceError } from '@jarswarm/ports'
import type {
  AbortOptions,
  BlobChange,
  BlobPutOptions,
  BlobStat,
  BlobStore,
  BlobStoreUsage,
  BlobWriter,
  ByteRange,
  CheckFinding,
  StagedWriter,
} from '@jarswarm/ports'
import { MemoryBlobWriter } from './memory-blob-writer.ts'

interface StoredBlob {
  bytes: Uint8Array
  pinned: boolean
}

export interface MemoryBlobStoreInit {
  /** @defaultValue no limit */
  readonly quotaBytes?: number
}

/** A `BlobStore` in the heap, with the quota and eviction of the real one. The map's order is that of use. */
export class MemoryBlobStore implements BlobStore {
  readonly #blobs = new Map<Digest, StoredBlob>()
  readonly #holds = new Map<Digest, number>()
  readonly #listeners = new Set<(change: BlobChange) => void>()
  readonly #quotaBytes: number
  #storedBytes = 0
  #reservedBytes = 0

  constructor(init: MemoryBlobStoreInit = {}) {
    this.#quotaBytes = init.quotaBytes ?? Number.MAX_SAFE_INTEGER
  }

  has(digest: Digest): Promise<boolean> {
    return settle(() => this.#blobs.has(checked(digest)))
  }

  stat(digest: Digest): Promise<BlobStat | undefined> {
    return settle(() => {
      const blob = this.#blobs.get(checked(digest))
      return blob && { digest, sizeBytes: blob.bytes.length }
    })
  }

  read(digest: Digest, range?: ByteRange): Promise<Uint8Array | undefined> {
    return settle(() => {
      const blob = this.#blobs.get(checked(digest))
      if (blob === undefined) return undefined
      const bytes = sliceRange(blob.bytes, range)
      this.#blobs.delete(digest)
      this.#blobs.set(digest, blob)
      return bytes
    })
  }

  put(digest: Digest, bytes: Uint8Array, options: BlobPutOptions = {}): Promise<void> {
    return settle(() => {
      options.signal?.throwIfAborted()
      this.#verify(checked(digest), bytes)
      if (!this.#blobs.has(digest)) this.#makeRoom(bytes.length)
      this.#add(digest, bytes, options)
    })
  }

  createWriter(stat: BlobStat, options: BlobPutOptions = {}): Promise<BlobWriter> {
    return settle(() => {
      options.signal?.throwIfAborted()
      checked(stat.digest)
      if (!this.#blobs.has(stat.digest)) this.#makeRoom(stat.sizeBytes)
      this.#reservedBytes += stat.sizeBytes
      const free = (): void => {
        this.#reservedBytes -= stat.sizeBytes
      }
      return new MemoryBlobWriter(stat.sizeBytes, {
        commit: (bytes) => {
          free()
          this.#verify(stat.digest, bytes)
          this.#add(stat.digest, bytes, options)
        },
        abort: free,
      })
    })
  }

  setPinned(digest: Digest, pinned: boolean): Promise<boolean> {
    return settle(() => {
      const blob = this.#blobs.get(checked(digest))
      if (blob !== undefined) blob.pinned = pinned
      return blob !== undefined
    })
  }

  createStagedWriter(sizeBytes: number, options: AbortOptions = {}): Promise<StagedWriter> {
    return settle(() => {
      options.signal?.throwIfAborted()
      this.#makeRoom(sizeBytes)
      this.#reservedBytes += sizeBytes
      const free = (): void => {
        this.#reservedBytes -= sizeBytes
      }
      return new MemoryBlobWriter(sizeBytes, {
        commit: (bytes, digest = '') => {
          free()
          this.#verify(checked(digest), bytes)
          this.#add(digest, bytes, {})
        },
        abort: free,
      })
    })
  }

  hold(digest: Digest): { release(): void } {
    this.#holds.set(checked(digest), (this.#holds.get(digest) ?? 0) + 1)
    let released = false
    return {
      release: () => {
        if (released) return
        released = true
        const left = (this.#holds.get(digest) ?? 1) - 1
        if (left === 0) this.#holds.delete(digest)
        else this.#holds.set(digest, left)
      },
    }
  }

  delete(digest: Digest): Promise<void> {
    return settle(() => {
      this.#remove(checked(digest))
    })
  }

  async *list(): AsyncIterable<BlobStat> {
    for (const digest of [...this.#blobs.keys()].sort()) {
      const stat = await this.stat(digest)
      if (stat !== undefined) yield stat
    }
  }

  usage(): BlobStoreUsage {
    return {
      blobs: this.#blobs.size,
      bytes: this.#storedBytes,
      quotaBytes: this.#quotaBytes,
    }
  }

  async *check(
    options: { readonly repair?: boolean; readonly signal?: AbortSignal } = {},
  ): AsyncIterable<CheckFinding> {
    for (const digest of [...this.#blobs.keys()].sort()) {
      options.signal?.throwIfAborted()
      const blob = this.#blobs.get(digest)
      const actual = blob && sha256(blob.bytes)
      if (actual === undefined || actual === digest) continue
      if (options.repair === true) this.#remove(digest)
      yield await Promise.resolve({ kind: 'corrupt', digest, detail: `found SHA-256 ${actual}` })
    }
  }

  onChange(listener: (change: BlobChange) => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** For tests: flip a bit of a stored blob behind the store's back. */
  corrupt(digest: Digest): void {
    const blob = this.#blobs.get(digest)
    if (blob === undefined) throw new RangeError(`Cannot corrupt ${digest}: not stored`)
    blob.bytes = Uint8Array.from(blob.bytes, (byte, at) => (at === 0 ? byte ^ 1 : byte))
  }

  #verify(digest: Digest, bytes: Uint8Array): void {
    const actual = sha256(bytes)
    if (actual !== digest) {
      throw new DigestMismatchError(`blob ${digest}`, { expected: digest, actual })
    }
  }

  #add(digest: Digest, bytes: Uint8Array, options: BlobPutOptions): void {
    const present = this.#blobs.get(digest)
    if (present !== undefined) {
      present.pinned ||= options.pinned ?? false
      return
    }
    this.#blobs.set(digest, { bytes: bytes.slice(), pinned: options.pinned ?? false })
    this.#storedBytes += bytes.length
    this.#tell({ kind: 'added', digest })
  }

  #remove(digest: Digest): void {
    const blob = this.#blobs.get(digest)
    if (blob === undefined) return
    this.#blobs.delete(digest)
    this.#storedBytes -= blob.bytes.length
    this.#tell({ kind: 'removed', digest })
  }

  #makeRoom(sizeBytes: number): void {
    let missing = this.#storedBytes + this.#reservedBytes + sizeBytes - this.#quotaBytes
    const victims: Digest[] = []
    for (const [digest, blob] of this.#blobs) {
      if (missing <= 0) break
      if (blob.pinned || this.#holds.has(digest)) continue
      victims.push(digest)
      missing -= blob.bytes.length
    }
    if (missing > 0) {
      throw new NoSpaceError(
        `Cannot store a blob of ${String(sizeBytes)} bytes: the quota of ${String(this.#quotaBytes)} bytes is used, wanted ${String(missing)} bytes more`,
      )
    }
    for (const digest of victims) this.#remove(digest)
  }

  #tell(change: BlobChange): void {
    for (const listener of this.#listeners) listener(change)
  }
}

function checked(digest: Digest): Digest {
  if (!isDigest(digest)) {
    throw new TypeError(
      `Cannot use ${JSON.stringify(digest)} as digest: wanted 64 lower-case hex characters`,
    )
  }
  return digest
}

function sliceRange(bytes: Uint8Array, range: ByteRange | undefined): Uint8Array {
  if (range === undefined) return bytes.slice()
  const { offset, length } = range
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length)
  if (!whole || offset < 0 || length < 0 || offset + length > bytes.length) {
    throw new RangeError(
      `Cannot read ${String(length)} bytes at ${String(offset)}: the blob has ${String(bytes.length)}`,
    )
  }
  return bytes.slice(offset, offset + length)
}

/** Run a synchronous step as a port's method does: what it throws becomes a rejection. */
function settle<T>(step: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(step())
  })
}
