import { FILE_MODE } from './file-system.ts'
import type { FileSystem, OpenFile } from './file-system.ts'
import { removeIfThere } from './durable-file.ts'
import { MAX_RUN_BYTES, RUN_READ_BYTES } from './limits.ts'
import { HEAD_BYTES, SortedRun } from './sorted-run.ts'
import type { SortedRecord } from './sorted-run.ts'
import { toStorageError } from './storage-error.ts'

export interface SortedRecordsInit {
  readonly path: string
  /** Sorted in memory at a time. @defaultValue {@link MAX_RUN_BYTES} */
  readonly runBytes?: number
  /** Of each run read at a time. @defaultValue {@link RUN_READ_BYTES} */
  readonly readBytes?: number
}

/**
 * Records that come in any order and are read once in the order of their keys, however many: runs that are sorted in memory go to
 * a file, and are merged from there. Of two with one key both are read, in no order.
 *
 *     size  field, of each record
 *        4  length of the key, big-endian
 *        4  length of the value
 *           the key, then the value
 *
 * The file is nothing that lasts: it is not synced, and a directory for what is in the making is the place for it.
 */
export class SortedRecords {
  readonly #files: FileSystem
  readonly #path: string
  readonly #runBytes: number
  readonly #readBytes: number
  #file: OpenFile | undefined
  #records: SortedRecord[] = []
  #bytes = 0
  readonly #runs: { readonly offset: number; readonly length: number }[] = []
  #end = 0

  /** @param init.path of the file; one that is there is removed */
  constructor(components: { readonly files: FileSystem }, init: SortedRecordsInit) {
    this.#files = components.files
    this.#path = init.path
    this.#runBytes = init.runBytes ?? MAX_RUN_BYTES
    this.#readBytes = init.readBytes ?? RUN_READ_BYTES
  }

  /** @throws {NoSpaceError} or {StorageFailedError} when the disk does not take a run */
  async add(record: SortedRecord): Promise<void> {
    this.#records.push(record)
    this.#bytes += sizeOf(record)
    if (this.#bytes >= this.#runBytes) await this.#spill()
  }

  /**
   * All records in the order of their keys, in batches.
   *
   * @param batchBytes a batch ends with the record with which it has so many
   * @throws {StorageFailedError} when the disk does not give them back
   */
  async *read(batchBytes: number): AsyncGenerator<readonly SortedRecord[]> {
    // What fits in memory need not come from the disk, but for one way to read them.
    await this.#spill()
    const runs = await this.#openRuns()
    let batch: SortedRecord[] = []
    let bytes = 0
    for (let run = runs.pop(); run?.first !== undefined; run = runs.pop()) {
      batch.push(run.first)
      bytes += sizeOf(run.first)
      if (!run.advance()) await storing(() => run.readOn(), 'read')
      insert(runs, run)
      if (bytes < batchBytes) continue
      yield batch
      batch = []
      bytes = 0
    }
    if (batch.length > 0) yield batch
  }

  /** Let go of the file. */
  async close(): Promise<void> {
    this.#records = []
    try {
      await this.#file?.close()
    } finally {
      this.#file = undefined
      await removeIfThere(this.#files, this.#path)
    }
  }

  async #spill(): Promise<void> {
    if (this.#records.length === 0) return
    const records = this.#records.sort(byKey)
    this.#records = []
    this.#bytes = 0
    const offset = this.#end
    await storing(async () => {
      if (this.#file === undefined) await removeIfThere(this.#files, this.#path)
      this.#file ??= await this.#files.create(this.#path, FILE_MODE)
      for (const part of formatParts(records)) {
        await this.#file.write(part, this.#end)
        this.#end += part.length
      }
    }, 'sort')
    this.#runs.push({ offset, length: this.#end - offset })
  }

  /** Each at its first record; the one with the lowest key is the last. */
  async #openRuns(): Promise<SortedRun[]> {
    const opened: SortedRun[] = []
    for (const range of this.#runs) {
      if (this.#file === undefined) break
      const run = new SortedRun(this.#file, { ...range, readBytes: this.#readBytes })
      await storing(() => run.readOn(), 'read')
      insert(opened, run)
    }
    return opened
  }
}

function sizeOf({ key, value }: SortedRecord): number {
  return HEAD_BYTES + key.length + value.length
}

function byKey(a: SortedRecord, b: SortedRecord): number {
  return a.key < b.key ? -1 : Number(a.key > b.key)
}

/** Records in parts of about `RUN_READ_BYTES`: once a large buffer was freed, glibc keeps as much of all that is freed later. */
function* formatParts(records: readonly SortedRecord[]): Generator<Uint8Array> {
  let part: SortedRecord[] = []
  let bytes = 0
  for (const record of records) {
    part.push(record)
    bytes += sizeOf(record)
    if (bytes < RUN_READ_BYTES) continue
    yield formatPart(part, bytes)
    part = []
    bytes = 0
  }
  if (bytes > 0) yield formatPart(part, bytes)
}

function formatPart(records: readonly SortedRecord[], sizeBytes: number): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(sizeBytes)
  let offset = 0
  for (const { key, value } of records) {
    bytes.writeUInt32BE(key.length, offset)
    bytes.writeUInt32BE(value.length, offset + 4)
    bytes.write(key, offset + HEAD_BYTES, 'latin1')
    bytes.set(value, offset + HEAD_BYTES + key.length)
    offset += HEAD_BYTES + key.length + value.length
  }
  return bytes
}

/** Put a run that is not at its end in its place among runs whose first keys descend. */
function insert(runs: SortedRun[], run: SortedRun): void {
  if (run.first === undefined) return
  const { key } = run.first
  let low = 0
  let high = runs.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((runs[middle]?.first?.key ?? '') > key) low = middle + 1
    else high = middle
  }
  runs.splice(low, 0, run)
}

async function storing<T>(work: () => Promise<T>, what: 'sort' | 'read'): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw toStorageError(error, `${what} what is written to the database`)
  }
}
