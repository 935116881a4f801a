import type { Digest } from './digest.ts'
import { InvalidHistoryError } from './errors.ts'
import { hashOfPerfect, hashOfSubtrees, leafHash, perfectSubtrees } from './history-hash.ts'
import {
  formatEntryBundle,
  formatTile,
  parseEntryBundle,
  parseTile,
  TILE_LEVELS,
  TILE_WIDTH,
  tilePath,
} from './history-tile.ts'
import type { Tile } from './history-tile.ts'

/** A file to publish below `.jarswarm/log/`. */
export interface HistoryFile {
  /** `tile/…` */
  readonly path: string
  readonly bytes: Uint8Array
}

const HEADER = Buffer.from('jarswarm history 1\n', 'latin1')
const SIZE_BYTES = 8
const HASH_BYTES = 32

/**
 * The growing end of the history: all that is needed to append to it and to write its files, however long it is.
 *
 * Holds the incomplete tile of each level and the incomplete bundle, 400 KiB at most. Nothing is ever taken back.
 */
export class HistoryTree {
  #size = 0
  /** For each level the hashes of its incomplete tile. */
  readonly #hashes: Digest[][] = Array.from({ length: TILE_LEVELS }, () => [])
  #lines: Uint8Array[] = []
  #files: HistoryFile[] = []
  #writtenSize = 0

  /** Lines in the history. */
  get size(): number {
    return this.#size
  }

  /** RFC 6962 hash of all lines. */
  get root(): Digest {
    return hashOfSubtrees(this.#hashes.toReversed().flatMap(perfectSubtrees))
  }

  /** Append a line as `formatHistoryLine` writes it. */
  append(line: Uint8Array): void {
    this.#lines.push(line)
    if (this.#lines.length === TILE_WIDTH) {
      this.#addFile('entries', formatEntryBundle(this.#lines))
      this.#lines = []
    }
    this.#appendHash(0, leafHash(line))
    this.#size++
  }

  /**
   * The files that came to be or grew since the last call, in the order in which they may be published; full ones
   * once, and what is incomplete now as such.
   */
  takeFiles(): readonly HistoryFile[] {
    const files = this.#files
    this.#files = []
    if (this.#writtenSize === this.#size) return files
    for (const [level, hashes] of this.#hashes.entries()) {
      const index = Math.floor(this.#size / TILE_WIDTH ** (level + 1))
      const grew =
        Math.floor(this.#writtenSize / TILE_WIDTH ** level) !==
        Math.floor(this.#size / TILE_WIDTH ** level)
      if (hashes.length > 0 && grew)
        files.push(fileOf({ level, index, width: hashes.length }, formatTile(hashes)))
    }
    if (this.#lines.length > 0) {
      const index = Math.floor(this.#size / TILE_WIDTH)
      const tile: Tile = { level: 'entries', index, width: this.#lines.length }
      files.push(fileOf(tile, formatEntryBundle(this.#lines)))
    }
    this.#writtenSize = this.#size
    return files
  }

  /** The full files that came to be since the last call of this or `takeFiles`: with it a long run holds few of them. */
  takeFullFiles(): readonly HistoryFile[] {
    const files = this.#files
    this.#files = []
    return files
  }

  /**
   * The state to go on from: a header, the size (u64, big-endian), the incomplete tiles from level 0 up, and the
   * incomplete bundle. Call `takeFiles` before: what it would return is not part of it.
   */
  toBytes(): Uint8Array {
    const size = Buffer.alloc(SIZE_BYTES)
    size.writeBigUInt64BE(BigInt(this.#size))
    const bundle = this.#lines.length === 0 ? Buffer.alloc(0) : formatEntryBundle(this.#lines)
    return Buffer.concat([HEADER, size, ...this.#hashes.map(formatTile), bundle])
  }

  /**
   * Go on from a kept state.
   *
   * @throws {InvalidHistoryError} when the bytes are damaged in length or in their last lines; compare `root` with the
   *   trusted head to know that all of it is right
   */
  static fromBytes(bytes: Uint8Array): HistoryTree {
    const start = HEADER.length + SIZE_BYTES
    if (bytes.length < start || !HEADER.equals(bytes.subarray(0, HEADER.length))) {
      throw new InvalidHistoryError('a state without header')
    }
    const size = Number(Buffer.from(bytes.subarray(HEADER.length, start)).readBigUInt64BE())
    if (!Number.isSafeInteger(size)) throw new InvalidHistoryError(`a state of ${size} lines`)
    return HistoryTree.#restore(size, bytes.subarray(start))
  }

  static #restore(size: number, bytes: Uint8Array): HistoryTree {
    const tree = new HistoryTree()
    let offset = 0
    for (const [level, hashes] of tree.#hashes.entries()) {
      const width = Math.floor(size / TILE_WIDTH ** level) % TILE_WIDTH
      const end = offset + width * HASH_BYTES
      hashes.push(...parseTile(bytes.subarray(offset, end), width))
      offset = end
    }
    // Copied, so that the lines do not keep all of what was read.
    tree.#lines = parseEntryBundle(bytes.slice(offset), size % TILE_WIDTH).slice()
    if (tree.#lines.some((line, index) => leafHash(line) !== tree.#hashes[0]?.[index])) {
      throw new InvalidHistoryError('a state whose lines do not hash to its tiles')
    }
    tree.#size = size
    tree.#writtenSize = size
    return tree
  }

  #appendHash(level: number, hash: Digest): void {
    const hashes = this.#hashes[level]
    if (hashes === undefined) throw new RangeError('Cannot append to the history: it is full')
    hashes.push(hash)
    if (hashes.length < TILE_WIDTH) return
    this.#addFile(level, formatTile(hashes))
    this.#appendHash(level + 1, hashOfPerfect(hashes))
    hashes.length = 0
  }

  /** Keep a full tile; the line that fills it is not counted yet. */
  #addFile(level: number | 'entries', bytes: Uint8Array): void {
    const lines = TILE_WIDTH ** (level === 'entries' ? 1 : level + 1)
    const index = (this.#size + 1) / lines - 1
    this.#files.push(fileOf({ level, index, width: TILE_WIDTH }, bytes))
  }
}

function fileOf(tile: Tile, bytes: Uint8Array): HistoryFile {
  return { path: tilePath(tile.level, tile.index, tile.width), bytes }
}
