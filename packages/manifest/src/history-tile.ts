/** Files of the history: tiles of hashes, and bundles of lines. @see https://c2sp.org/tlog-tiles */
import type { Digest } from './digest.ts'
import { InvalidHistoryError } from './errors.ts'

/** Hashes of a full tile, and lines of a full bundle. */
export const TILE_WIDTH = 256

/** Levels of tiles: seven hold more lines than a number can count exactly. */
export const TILE_LEVELS = 7

const HASH_BYTES = 32
const GROUP = 1000
const TILE_PATH = /^tile\/(entries|\d)\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/

/** A file of the history. */
export interface Tile {
  /** `entries` for a bundle of lines, else the level of the hashes, 0 for those of lines. */
  readonly level: number | 'entries'
  /** Place among the tiles of the level, from 0. */
  readonly index: number
  /** Hashes or lines in it, 1 to `TILE_WIDTH`. */
  readonly width: number
}

/** The name of a tile below `.jarswarm/log/`: `tile/0/x001/234`, `tile/entries/000.p/17`. */
export function tilePath(level: Tile['level'], index: number, width: number): string {
  const groups = [String(index % GROUP).padStart(3, '0')]
  for (let rest = Math.floor(index / GROUP); rest > 0; rest = Math.floor(rest / GROUP)) {
    groups.unshift(`x${String(rest % GROUP).padStart(3, '0')}`)
  }
  return `tile/${level}/${groups.join('/')}${width === TILE_WIDTH ? '' : `.p/${width}`}`
}

/**
 * Take the name of a tile apart. There is one name for each tile; attackers may hold it.
 *
 * @throws {InvalidHistoryError}
 */
export function parseTilePath(text: string): Tile {
  const [, level, groups, width] = TILE_PATH.exec(text) ?? []
  const tile: Tile = {
    level: level === 'entries' ? level : Number(level),
    index: Number(groups?.replace(/[x/]/g, '')),
    width: width === undefined ? TILE_WIDTH : Number(width),
  }
  const isKnown = tile.level === 'entries' || tile.level < TILE_LEVELS
  if (
    groups === undefined ||
    !isKnown ||
    !Number.isSafeInteger(tile.index) ||
    tilePath(tile.level, tile.index, tile.width) !== text
  ) {
    throw new InvalidHistoryError('a name that is no tile')
  }
  if (tile.width > TILE_WIDTH) throw new InvalidHistoryError(`a tile of ${tile.width} hashes`)
  return tile
}

/** Write a tile. */
export function formatTile(hashes: readonly Digest[]): Uint8Array {
  return Buffer.from(hashes.join(''), 'hex')
}

/**
 * Read a tile of a known width.
 *
 * @throws {InvalidHistoryError}
 */
export function parseTile(bytes: Uint8Array, width: number): readonly Digest[] {
  if (bytes.length !== width * HASH_BYTES) {
    throw new InvalidHistoryError(`a tile of ${bytes.length} bytes, wanted ${width * HASH_BYTES}`)
  }
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
  return Array.from({ length: width }, (_, index) => hex.slice(index * 64, (index + 1) * 64))
}

/**
 * Write a bundle of lines: each after its length, big-endian.
 *
 * @throws {RangeError} when there are none or too many of them, or one is too long
 */
export function formatEntryBundle(lines: readonly Uint8Array[]): Uint8Array {
  if (lines.length < 1 || lines.length > TILE_WIDTH || lines.some((line) => line.length > 0xffff)) {
    throw new RangeError(`Cannot format bundle: ${lines.length} lines, wanted 1 to ${TILE_WIDTH}`)
  }
  return Buffer.concat(
    lines.flatMap((line) => [Buffer.of(line.length >> 8, line.length & 255), line]),
  )
}

/**
 * Read a bundle. Its lines share its memory.
 *
 * @param width how many lines it must have, when that is known
 * @throws {InvalidHistoryError}
 */
export function parseEntryBundle(bytes: Uint8Array, width?: number): readonly Uint8Array[] {
  const lines: Uint8Array[] = []
  let offset = 0
  const most = width ?? TILE_WIDTH
  while (offset < bytes.length && lines.length < most) {
    const length = (bytes[offset] ?? 0) * 256 + (bytes[offset + 1] ?? 0)
    const end = offset + 2 + length
    lines.push(bytes.subarray(offset + 2, end))
    offset = end
  }
  if (offset !== bytes.length || lines.length !== (width ?? Math.max(1, lines.length))) {
    throw new InvalidHistoryError(
      `a bundle that is not of ${width ?? `1 to ${TILE_WIDTH}`} whole lines`,
    )
  }
  return lines
}
