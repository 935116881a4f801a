import type { OpenFile } from './file-system.ts'
import { StorageFailedError } from '@jarswarm/ports'

export interface SortedRecord {
  /** ASCII. */
  readonly key: string
  readonly value: Uint8Array
}

/** Before key and value: the length of each. */
export const HEAD_BYTES = 8

/** One of the runs of `SortedRecords`, read from its file a part at a time. */
export class SortedRun {
  /** Where the run stands; undefined before the first record and behind the last. */
  first: SortedRecord | undefined
  readonly #file: OpenFile
  readonly #end: number
  readonly #readBytes: number
  /** What of the file follows what was read. */
  #offset: number
  #read: Buffer = Buffer.alloc(0)

  constructor(
    file: OpenFile,
    range: { readonly offset: number; readonly length: number; readonly readBytes: number },
  ) {
    this.#file = file
    this.#readBytes = range.readBytes
    this.#offset = range.offset
    this.#end = range.offset + range.length
  }

  /** Go on to the next record, if all of it was read. @returns false when it was not, and at the end */
  advance(): boolean {
    this.first = undefined
    const read = this.#read
    if (read.length < HEAD_BYTES) return false
    const keyEnd = HEAD_BYTES + read.readUInt32BE(0)
    const end = keyEnd + read.readUInt32BE(4)
    if (read.length < end) return false
    const key = read.toString('latin1', HEAD_BYTES, keyEnd)
    this.first = { key, value: read.subarray(keyEnd, end) }
    this.#read = read.subarray(end)
    return true
  }

  /**
   * Read on and go to the next record, as often as it takes: the first part may end before it says how long it is.
   *
   * @throws {StorageFailedError} when the file is shorter than what was written to it
   */
  async readOn(): Promise<void> {
    while ((await this.#refill()) && !this.advance());
  }

  /**
   * Read on, behind what is left of the part before.
   *
   * @returns false at the end
   * @throws {StorageFailedError} when the file is shorter than what was written to it
   */
  async #refill(): Promise<boolean> {
    const length = Math.min(this.#wantedBytes(), this.#end - this.#offset)
    if (length === 0 && this.#read.length === 0) return false
    // Not the buffer before: records that were given out lie in it.
    const buffer = Buffer.allocUnsafeSlow(this.#read.length + length)
    buffer.set(this.#read)
    const filled = await this.#file.read(buffer.subarray(this.#read.length), this.#offset)
    if (filled < length || length === 0) {
      throw new StorageFailedError(
        'Cannot sort what is written to the database: found a temporary file shorter than it was written, wanted a disk that works',
      )
    }
    this.#read = buffer
    this.#offset += length
    return true
  }

  /** At least the whole of the next record. */
  #wantedBytes(): number {
    if (this.#read.length < HEAD_BYTES) return this.#readBytes
    const next = HEAD_BYTES + this.#read.readUInt32BE(0) + this.#read.readUInt32BE(4)
    return Math.max(this.#readBytes, next - this.#read.length)
  }
}
