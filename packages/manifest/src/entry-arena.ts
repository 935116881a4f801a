/**
 * Entries by the million in little memory: about 100 bytes each, and 42 and the path of their directory for each run of them.
 *
 * Layout of the record of an entry, numbers little-endian as the machine's own:
 *
 *     offset  size  field
 *          0     4  record before it in the same directory, 0 for none
 *          4    32  SHA-256
 *         36    20  SHA-1
 *         56     8  size (double)
 *         64     8  mtime (double)
 *         72     1  1 when a piece list follows the name
 *         73     1  length of the name
 *         74     n  name
 *       74+n    32  digest of the piece list, perhaps
 *
 * and of a run, entries of one directory that were added one after the other:
 *
 *     offset  size  field
 *          0     4  run before it, 0 for none
 *          4    32  key of the directory
 *         36     4  record of its last entry
 *         40     2  length of its path
 *         42     n  its path
 */
import { InvalidIndexEntryError } from './errors.ts'
import { entryFlawOf } from './index-entry.ts'
import type { IndexEntry } from './index-entry.ts'
import { directoryKey } from './index-key.ts'
import { directoryOf, nameOf } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'

const CHUNK_BYTES = 8_388_608
/** Instead of a record. */
const NONE = 0
const NAME_AT = 74
const [KEY_AT, LAST_AT, PATH_LENGTH_AT, PATH_AT] = [4, 36, 40, 42]
const KEY_BYTES = 32

/** Entries grouped by directory, packed: what is added leaves nothing on V8's heap. */
export class EntryArena {
  readonly #chunks: Buffer[] = []
  /** Where the next record begins; records never cross a chunk. */
  #end = NONE + 1
  /** The run that grows, how many there are, and the path of its directory. */
  #run = NONE
  #runs = 0
  #path: string | undefined

  /** @throws {InvalidIndexEntryError} when the entry cannot stand in an index */
  add(entry: IndexEntry): void {
    const flaw = entryFlawOf(entry)
    if (flaw !== undefined) throw new InvalidIndexEntryError(entry.path, flaw)
    const path = directoryOf(entry.path)
    if (path !== this.#path) this.#beginRun(path)
    this.#writeEntry(entry)
  }

  /**
   * Where the directories are, each once, in the order of their keys: a number that the methods below take. Nothing may be
   * added afterwards.
   */
  sortDirectories(): Uint32Array {
    const sorted = new Uint32Array(this.#runs)
    let at = this.#run
    for (let index = 0; index < sorted.length; index += 1) {
      sorted[index] = at
      at = this.#before(at)
    }
    sorted.sort((a, b) => this.#compareKeys(a, b))
    let count = 0
    for (const run of sorted) {
      const directory = sorted[count - 1]
      if (directory !== undefined && this.#compareKeys(directory, run) === 0) {
        this.#join(directory, run)
      } else {
        sorted[count] = run
        count += 1
      }
    }
    return sorted.subarray(0, count)
  }

  keyByteAt(directory: number, index: number): number {
    return this.#chunkOf(directory)[(directory % CHUNK_BYTES) + KEY_AT + index] ?? 0
  }

  pathOf(directory: number): string {
    const chunk = this.#chunkOf(directory)
    const start = directory % CHUNK_BYTES
    const begin = start + PATH_AT
    return chunk.toString('latin1', begin, begin + chunk.readUInt16LE(start + PATH_LENGTH_AT))
  }

  /**
   * The entries of a directory by name.
   *
   * @throws {InvalidIndexEntryError} when a path was added twice
   */
  entriesOf(directory: number): readonly IndexEntry[] {
    const path = this.pathOf(directory)
    const prefix = path === '' ? '' : `${path}/`
    const entries: IndexEntry[] = []
    for (let at = this.#lastOf(directory); at !== NONE; at = this.#before(at)) {
      entries.push(this.#readEntry(at, prefix))
    }
    entries.sort((a, b) => (a.path < b.path ? -1 : 1))
    for (const [index, entry] of entries.entries()) {
      if (entries[index + 1]?.path === entry.path) {
        throw new InvalidIndexEntryError(entry.path, 'it is there twice')
      }
    }
    return entries
  }

  #beginRun(path: string): void {
    const at = this.#allot(PATH_AT + path.length)
    const chunk = this.#chunkOf(at)
    const start = at % CHUNK_BYTES
    chunk.writeUInt32LE(this.#run, start)
    chunk.write(directoryKey(path), start + KEY_AT, 'hex')
    chunk.writeUInt32LE(NONE, start + LAST_AT)
    chunk.writeUInt16LE(path.length, start + PATH_LENGTH_AT)
    chunk.write(path, start + PATH_AT, 'latin1')
    this.#path = path
    this.#run = at
    this.#runs += 1
  }

  #writeEntry(entry: IndexEntry): void {
    const name = nameOf(entry.path)
    const nameEnd = NAME_AT + name.length
    const at = this.#allot(entry.pieceList === undefined ? nameEnd : nameEnd + 32)
    const chunk = this.#chunkOf(at)
    const start = at % CHUNK_BYTES
    chunk.writeUInt32LE(this.#lastOf(this.#run), start)
    chunk.write(entry.digest, start + 4, 'hex')
    chunk.write(entry.sha1, start + 36, 'hex')
    chunk.writeDoubleLE(entry.sizeBytes, start + 56)
    chunk.writeDoubleLE(entry.mtimeSeconds, start + 64)
    chunk[start + 72] = entry.pieceList === undefined ? 0 : 1
    chunk[start + 73] = name.length
    chunk.write(name, start + NAME_AT, 'latin1')
    if (entry.pieceList !== undefined) chunk.write(entry.pieceList, start + nameEnd, 'hex')
    this.#setLast(this.#run, at)
  }

  /** Room for a record, which is not cleared. */
  #allot(sizeBytes: number): number {
    const left = CHUNK_BYTES - (this.#end % CHUNK_BYTES)
    const at = sizeBytes > left ? this.#end + left : this.#end
    this.#end = at + sizeBytes
    if (this.#end > 0xffffffff)
      throw new RangeError('Cannot build an index: above 4 GiB of entries')
    return at
  }

  #chunkOf(at: number): Buffer {
    return (this.#chunks[Math.floor(at / CHUNK_BYTES)] ??= Buffer.allocUnsafeSlow(CHUNK_BYTES))
  }

  /** The record of the same kind before one. */
  #before(at: number): number {
    return this.#chunkOf(at).readUInt32LE(at % CHUNK_BYTES)
  }

  #lastOf(run: number): number {
    return this.#chunkOf(run).readUInt32LE((run % CHUNK_BYTES) + LAST_AT)
  }

  #setLast(run: number, entry: number): void {
    this.#chunkOf(run).writeUInt32LE(entry, (run % CHUNK_BYTES) + LAST_AT)
  }

  /** Have the entries of a run belong to another one of the same directory. */
  #join(directory: number, run: number): void {
    let first = this.#lastOf(run)
    for (let at = first; at !== NONE; at = this.#before(at)) first = at
    this.#chunkOf(first).writeUInt32LE(this.#lastOf(directory), first % CHUNK_BYTES)
    this.#setLast(directory, this.#lastOf(run))
  }

  #compareKeys(a: number, b: number): number {
    const left = this.#chunkOf(a)
    const right = this.#chunkOf(b)
    const leftAt = (a % CHUNK_BYTES) + KEY_AT
    const rightAt = (b % CHUNK_BYTES) + KEY_AT
    // The first four bytes tell almost all apart, and reading them costs no call.
    const difference = left.readUInt32BE(leftAt) - right.readUInt32BE(rightAt)
    if (difference !== 0) return difference
    return left.compare(right, rightAt, rightAt + KEY_BYTES, leftAt, leftAt + KEY_BYTES)
  }

  #readEntry(at: number, prefix: string): IndexEntry {
    const chunk = this.#chunkOf(at)
    const start = at % CHUNK_BYTES
    const nameEnd = start + NAME_AT + (chunk[start + 73] ?? 0)
    const name = chunk.toString('latin1', start + NAME_AT, nameEnd)
    return {
      path: `${prefix}${name}` as RepositoryPath,
      digest: chunk.toString('hex', start + 4, start + 36),
      sha1: chunk.toString('hex', start + 36, start + 56),
      sizeBytes: chunk.readDoubleLE(start + 56),
      mtimeSeconds: chunk.readDoubleLE(start + 64),
      pieceList: chunk[start + 72] === 1 ? chunk.toString('hex', nameEnd, nameEnd + 32) : undefined,
    }
  }
}
