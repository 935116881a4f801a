import type { BlobStat, Clock } from '@jarswarm/ports'
import type { Digest } from '@jarswarm/manifest'
import { textTable } from './table.ts'
import type { Database, TableChange } from './database.ts'
import { MAX_PENDING_TOUCHES } from './limits.ts'

/** A use within this time of the last one is not noted: it would cost a write and hardly change the order. */
export const ACCESS_GRANULARITY_MS = 600_000

const BLOBS = textTable('blob')
const BY_ACCESS = textTable('access')
const TOTALS = textTable('total')
const TOTALS_KEY = 'blobs'

/** What Level knows of an acknowledged blob. */
export interface BlobRecord {
  readonly sizeBytes: number
  readonly accessedMs: number
  readonly pinned: boolean
}

/**
 * The records of acknowledged blobs, their totals, and the unpinned ones in the order of use.
 *
 * All methods that write must run one at a time; the owner's mutex sees to it.
 */
export class BlobRecords {
  readonly #database: Database
  readonly #clock: Pick<Clock, 'now'>
  readonly #touched = new Map<Digest, number>()
  #blobs = 0
  #bytes = 0

  constructor(components: { readonly database: Database; readonly clock: Pick<Clock, 'now'> }) {
    this.#database = components.database
    this.#clock = components.clock
  }

  /** @returns false when the database never held records, so that they must be rebuilt */
  async load(): Promise<boolean> {
    const totals = await this.#database.get(TOTALS, TOTALS_KEY)
    if (totals === undefined) return false
    const [blobs, bytes] = totals.split(' ').map(Number)
    this.#blobs = blobs ?? 0
    this.#bytes = bytes ?? 0
    return true
  }

  totals(): { readonly blobs: number; readonly bytes: number } {
    return { blobs: this.#blobs, bytes: this.#bytes }
  }

  async get(digest: Digest): Promise<BlobRecord | undefined> {
    const text = await this.#database.get(BLOBS, digest)
    return text === undefined ? undefined : parseRecord(text)
  }

  async getMany(digests: readonly Digest[]): Promise<(BlobRecord | undefined)[]> {
    const texts = await this.#database.getMany(BLOBS, digests)
    return texts.map((text) => (text === undefined ? undefined : parseRecord(text)))
  }

  /** Note a use; written later with others. */
  touch(digest: Digest, record: BlobRecord): void {
    const nowMs = this.#clock.now()
    if (record.pinned || nowMs - record.accessedMs < ACCESS_GRANULARITY_MS) return
    if (this.#touched.size < MAX_PENDING_TOUCHES) this.#touched.set(digest, nowMs)
  }

  get touchesAreDue(): boolean {
    return this.#touched.size >= MAX_PENDING_TOUCHES
  }

  /** Write the noted uses. Not synced: the order of use may be lost in a power cut. */
  async flushTouches(): Promise<void> {
    const touched = [...this.#touched]
    this.#touched.clear()
    const records = await this.getMany(touched.map(([digest]) => digest))
    const changes = touched.flatMap(([digest, accessedMs], at) => {
      const before = records[at]
      if (before === undefined || before.pinned) return []
      return [...removal(digest, before), ...addition(digest, { ...before, accessedMs })]
    })
    await this.#database.write(changes, { sync: false })
  }

  /** Durably add or replace records. `replaces` is what was there before, at the same place in the list. */
  async put(
    stats: readonly (BlobStat & { readonly pinned: boolean })[],
    replaced: readonly (BlobRecord | undefined)[] = [],
  ): Promise<void> {
    const accessedMs = this.#clock.now()
    const changes = stats.flatMap(({ digest, sizeBytes, pinned }, at) => {
      const before = replaced[at]
      return [
        ...(before === undefined ? [] : removal(digest, before)),
        ...addition(digest, { sizeBytes, accessedMs, pinned }),
      ]
    })
    const before = replaced.filter((record) => record !== undefined)
    await this.#write(changes, {
      blobs: stats.length - before.length,
      bytes: sumOf(stats) - sumOf(before),
    })
  }

  /** Durably remove records, so that nobody reads what is about to go. */
  async remove(
    removed: readonly { readonly digest: Digest; readonly record: BlobRecord }[],
  ): Promise<void> {
    if (removed.length === 0) return
    await this.#write(
      removed.flatMap(({ digest, record }) => removal(digest, record)),
      { blobs: -removed.length, bytes: -sumOf(removed.map(({ record }) => record)) },
    )
  }

  /** All records in ascending order of the digest, as they are at the start of the iteration. */
  async *list(prefix = ''): AsyncGenerator<[Digest, BlobRecord], void, undefined> {
    const range = { gte: prefix, lt: `${prefix}g` }
    for await (const [digest, text] of this.#database.entries(BLOBS, range)) {
      yield [digest, parseRecord(text)]
    }
  }

  /** Digests of unpinned blobs, least recently used first. */
  async *byAccess(): AsyncGenerator<Digest, void, undefined> {
    for await (const [key] of this.#database.entries(BY_ACCESS)) {
      yield key.slice(key.indexOf('/') + 1)
    }
  }

  async #write(
    changes: readonly TableChange[],
    grown: { readonly blobs: number; readonly bytes: number },
  ): Promise<void> {
    const blobs = this.#blobs + grown.blobs
    const bytes = this.#bytes + grown.bytes
    const totals = { table: TOTALS, key: TOTALS_KEY, value: `${String(blobs)} ${String(bytes)}` }
    await this.#database.write([...changes, totals], { sync: true })
    this.#blobs = blobs
    this.#bytes = bytes
  }
}

function addition(digest: Digest, record: BlobRecord): TableChange[] {
  const { sizeBytes, accessedMs, pinned } = record
  const value = `${String(sizeBytes)} ${String(accessedMs)} ${pinned ? 'pinned' : '-'}`
  const put = { table: BLOBS, key: digest, value }
  return pinned ? [put] : [put, { table: BY_ACCESS, key: accessKey(digest, record), value: '' }]
}

function removal(digest: Digest, record: BlobRecord): TableChange[] {
  const del = { table: BLOBS, key: digest, value: undefined }
  if (record.pinned) return [del]
  return [del, { table: BY_ACCESS, key: accessKey(digest, record), value: undefined }]
}

/** Milliseconds in 15 digits last until the year 33658, and sort as text. */
function accessKey(digest: Digest, record: BlobRecord): string {
  return `${String(record.accessedMs).padStart(15, '0')}/${digest}`
}

function parseRecord(text: string): BlobRecord {
  const [size, accessed, pinned] = text.split(' ')
  return { sizeBytes: Number(size), accessedMs: Number(accessed), pinned: pinned === 'pinned' }
}

function sumOf(sized: readonly { readonly sizeBytes: number }[]): number {
  return sized.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}
