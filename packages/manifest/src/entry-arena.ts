/**
 * Entries by the million in little memory: about 100 bytes each beside the paths of the directories.
 *
 * Layout of a record, numbers little-endian as the machine's own:
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
 */
import { InvalidIndexEntryError } from './errors.ts'
import { entryFlawOf } from './index-entry.ts'
import type { IndexEntry } from './index-entry.ts'
import { directoryOf, MAX_SEGMENT_BYTES, nameOf } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'

const CHUNK_BYTES = 8_388_608
const HEAD_BYTES = 74
const MAX_RECORD_BYTES = HEAD_BYTES + MAX_SEGMENT_BYTES + 32

/** Entries grouped by directory, packed. */
export class EntryArena {
  readonly #chunks: Buffer[] = []
  /** Where the next record begins; records never cross a chunk. 0 means "none" in links. */
  #end = 1
  readonly #directories = new Map<string, number>()
  #last: number[] = []
  readonly #paths: string[] = []

  /** The directories that have entries, in the order of their first one. */
  get directories(): readonly string[] {
    return this.#paths
  }

  /** @throws {InvalidIndexEntryError} when the entry cannot stand in an index */
  add(entry: IndexEntry): void {
    const flaw = entryFlawOf(entry)
    if (flaw !== undefined) throw new InvalidIndexEntryError(entry.path, flaw)
    const path = directoryOf(entry.path)
    let directory = this.#directories.get(path)
    if (directory === undefined) {
      directory = this.#paths.length
      this.#directories.set(path, directory)
      this.#paths.push(path)
      this.#last.push(0)
    }
    this.#last[directory] = this.#write(entry, this.#last[directory] ?? 0)
  }

  /**
   * The entries of a directory by name.
   *
   * @param directory its place in `directories`
   * @throws {InvalidIndexEntryError} when a path was added twice
   */
  entriesOf(directory: number): readonly IndexEntry[] {
    const path = this.#paths[directory] ?? ''
    const prefix = path === '' ? '' : `${path}/`
    const entries: IndexEntry[] = []
    for (let at = this.#last[directory] ?? 0; at !== 0; at = this.#previous(at)) {
      entries.push(this.#read(at, prefix))
    }
    entries.sort((a, b) => (a.path < b.path ? -1 : 1))
    for (const [index, entry] of entries.entries()) {
      if (entries[index + 1]?.path === entry.path) {
        throw new InvalidIndexEntryError(entry.path, 'it is there twice')
      }
    }
    return entries
  }

  #write(entry: IndexEntry, previous: number): number {
    if ((this.#end % CHUNK_BYTES) + MAX_RECORD_BYTES > CHUNK_BYTES) {
      this.#end += CHUNK_BYTES - (this.#end % CHUNK_BYTES)
    }
    const at = this.#end
    const chunk = this.#chunkAt(at)
    const start = at % CHUNK_BYTES
    const name = nameOf(entry.path)
    chunk.writeUInt32LE(previous, start)
    chunk.write(entry.digest, start + 4, 'hex')
    chunk.write(entry.sha1, start + 36, 'hex')
    chunk.writeDoubleLE(entry.sizeBytes, start + 56)
    chunk.writeDoubleLE(entry.mtimeSeconds, start + 64)
    chunk[start + 72] = entry.pieceList === undefined ? 0 : 1
    chunk[start + 73] = name.length
    chunk.write(name, start + HEAD_BYTES, 'latin1')
    this.#end += HEAD_BYTES + name.length
    if (entry.pieceList !== undefined) {
      chunk.write(entry.pieceList, start + HEAD_BYTES + name.length, 'hex')
      this.#end += 32
    }
    if (this.#end > 0xffffffff)
      throw new RangeError('Cannot build an index: above 4 GiB of entries')
    return at
  }

  #chunkAt(at: number): Buffer {
    return (this.#chunks[Math.floor(at / CHUNK_BYTES)] ??= Buffer.allocUnsafeSlow(CHUNK_BYTES))
  }

  #previous(at: number): number {
    return this.#chunkAt(at).readUInt32LE(at % CHUNK_BYTES)
  }

  #read(at: number, prefix: string): IndexEntry {
    const chunk = this.#chunkAt(at)
    const start = at % CHUNK_BYTES
    const nameEnd = start + HEAD_BYTES + (chunk[start + 73] ?? 0)
    const name = chunk.toString('latin1', start + HEAD_BYTES, nameEnd)
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
