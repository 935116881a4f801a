import type { Digest } from '@jarswarm/manifest'
import { NoSpaceError } from '@jarswarm/ports'
import type { Clock } from '@jarswarm/ports'
import type { BlobRecord, BlobRecords } from './blob-records.ts'
import { FREE_SHARE, MAX_FREE_FLOOR_BYTES } from './limits.ts'
import { Mutex } from './mutex.ts'

/** How long it is taken for granted what the volume has free, less what was written since. */
const LOOK_MS = 1_000
/** With less than this to spare it is looked at for each blob: others write to the volume, too. */
const PLENTY_BYTES = 256 * 1024 * 1024

interface Volume {
  readonly totalBytes: number
  readonly freeBytes: number
}

export interface Victim {
  readonly digest: Digest
  readonly record: BlobRecord
}

export interface BlobSpaceComponents {
  readonly records: BlobRecords
  readonly space: () => Promise<Volume>
  readonly clock: Pick<Clock, 'now'>
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
  #seen: (Volume & { readonly atMs: number }) | undefined
  /** Set aside since then, whether it was written or not. */
  #bytesSinceSeen = 0

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
      this.#bytesSinceSeen += sizeBytes
      return () => {
        this.#reservedBytes -= sizeBytes
      }
    })
  }

  async #missingBytes(sizeBytes: number): Promise<number> {
    const wanted = this.#reservedBytes + sizeBytes
    const overQuota = this.#components.records.totals().bytes + wanted - this.quotaBytes
    const lacking = wanted - (this.#knownSpareBytes(wanted) ?? this.#spareBytes(await this.#look()))
    return Math.max(overQuota, lacking)
  }

  /** What the volume has free above the floor, as it was seen lately; undefined when it must be looked at. */
  #knownSpareBytes(wantedBytes: number): number | undefined {
    if (this.#seen === undefined) return undefined
    const ageMs = Math.abs(this.#components.clock.now() - this.#seen.atMs)
    const spareBytes = this.#spareBytes(this.#seen) - this.#bytesSinceSeen
    return ageMs < LOOK_MS && spareBytes - wantedBytes > PLENTY_BYTES ? spareBytes : undefined
  }

  /** Asked of another thread, behind its fsyncs, and by one blob after the other: not for each of many small ones. */
  async #look(): Promise<Volume> {
    const volume = await this.#components.space()
    this.#seen = { ...volume, atMs: this.#components.clock.now() }
    this.#bytesSinceSeen = 0
    return volume
  }

  #spareBytes({ totalBytes, freeBytes }: Volume): number {
    const share = Math.min(Math.floor(totalBytes * FREE_SHARE), MAX_FREE_FLOOR_BYTES)
    return freeBytes - (this.#freeFloorBytes ?? share)
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
