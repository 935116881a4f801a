import type { Digest } from '@jarswarm/manifest'
import { NoSpaceError } from '@jarswarm/ports'
import type { BlobRecord, BlobRecords } from './blob-records.ts'
import { FREE_SHARE, MAX_FREE_FLOOR_BYTES } from './limits.ts'
import { Mutex } from './mutex.ts'

export interface Victim {
  readonly digest: Digest
  readonly record: BlobRecord
}

export interface BlobSpaceComponents {
  readonly records: BlobRecords
  readonly space: () => Promise<{ readonly totalBytes: number; readonly freeBytes: number }>
  /** Whether a blob may not be evicted now, though it is not pinned. */
  readonly isHeld: (digest: Digest) => boolean
  /** Remove blobs that are acknowledged. */
  readonly evict: (select: () => Promise<readonly Victim[]>) => Promise<void>
}

export interface BlobSpaceInit {
  readonly quotaBytes: number
  /** @defaultValue the smaller of {@link FREE_SHARE} of the volume and {@link MAX_FREE_FLOOR_BYTES} */
  readonly freeFloorBytes?: number
}

/** Sees to it that neither the quota nor the free-space floor is passed, by evicting what was not used longest. */
export class BlobSpace {
  readonly quotaBytes: number
  readonly #components: BlobSpaceComponents
  readonly #freeFloorBytes: number | undefined
  readonly #turns = new Mutex()
  #reservedBytes = 0

  constructor(components: BlobSpaceComponents, init: BlobSpaceInit) {
    this.#components = components
    this.quotaBytes = init.quotaBytes
    this.#freeFloorBytes = init.freeFloorBytes
  }

  /**
   * Set room aside for a blob that is about to be written.
   *
   * @returns gives the room back; to be called once the blob is recorded or dropped
   * @throws {NoSpaceError} when there is no room and evicting would not make enough
   */
  reserve(sizeBytes: number): Promise<() => void> {
    return this.#turns.run(async () => {
      const missing = await this.#missingBytes(sizeBytes)
      if (missing > 0) await this.#components.evict(() => this.#victims(sizeBytes))
      this.#reservedBytes += sizeBytes
      return () => {
        this.#reservedBytes -= sizeBytes
      }
    })
  }

  async #missingBytes(sizeBytes: number): Promise<number> {
    const wanted = this.#reservedBytes + sizeBytes
    const overQuota = this.#components.records.totals().bytes + wanted - this.quotaBytes
    const { totalBytes, freeBytes } = await this.#components.space()
    const floor =
      this.#freeFloorBytes ?? Math.min(Math.floor(totalBytes * FREE_SHARE), MAX_FREE_FLOOR_BYTES)
    return Math.max(overQuota, wanted + floor - freeBytes)
  }

  /** The least recently used blobs that together make enough room; nothing is evicted in vain. */
  async #victims(sizeBytes: number): Promise<Victim[]> {
    await this.#components.records.flushTouches()
    const missing = await this.#missingBytes(sizeBytes)
    let left = sizeBytes > this.quotaBytes ? Infinity : missing
    const victims: Victim[] = []
    if (left > 0 && left < Infinity) {
      for await (const digest of this.#components.records.byAccess()) {
        const record = await this.#components.records.get(digest)
        if (record === undefined || this.#components.isHeld(digest)) continue
        victims.push({ digest, record })
        left -= record.sizeBytes
        if (left <= 0) break
      }
    }
    if (left > 0) throw this.#noSpace(sizeBytes, missing)
    return victims
  }

  #noSpace(sizeBytes: number, missing: number): NoSpaceError {
    return new NoSpaceError(
      `Cannot store a blob of ${String(sizeBytes)} bytes: quota (${String(this.quotaBytes)} bytes) and free space lack ${String(missing)} bytes and nothing may be evicted for it, wanted a larger --quota or a freer disk`,
    )
  }
}
