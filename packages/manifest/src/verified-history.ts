import type { Digest } from './digest.ts'
import { InvalidHistoryError } from './errors.ts'
import { hashOfPerfect, hashOfSubtrees, leafHash, perfectSubtrees } from './history-hash.ts'
import { hashOfPrefix, proveConsistency, proveInclusion } from './history-proof.ts'
import type { HistoryState } from './history-proof.ts'
import {
  formatTile,
  parseEntryBundle,
  parseTile,
  parseTilePath,
  TILE_LEVELS,
  TILE_WIDTH,
} from './history-tile.ts'
import type { Tile } from './history-tile.ts'
import { MAX_KEPT_TILES } from './limits.ts'

/**
 * Gets tiles, all of them from one source, and hands them to `check` before it returns: bytes that `check` throws at
 * are not this history's, and another source may have the right ones.
 */
export type TileFetcher = (
  tiles: readonly Tile[],
  check: (bytes: readonly Uint8Array[]) => void,
) => Promise<void>

const NO_BYTES = new Uint8Array()

/**
 * Reads the history that a signed head names, from sources that may lie: each tile is compared with the root before
 * anything in it is used.
 *
 * The incomplete tiles of all levels lead to the root together; each full one must have the hash that the tile above
 * it names, and each bundle of lines the hashes of its tile.
 */
export class VerifiedHistory {
  readonly state: HistoryState
  readonly #fetch: TileFetcher
  readonly #tiles = new Map<string, readonly Digest[]>()
  #edge: Promise<readonly (readonly Digest[])[]> | undefined

  /**
   * @param state from a signed head
   * @param fetch what it throws when nobody has a tile comes through each method
   */
  constructor(state: HistoryState, fetch: TileFetcher) {
    this.state = state
    this.#fetch = fetch
  }

  /** How many bundles of lines there are. */
  get bundles(): number {
    return Math.ceil(this.state.size / TILE_WIDTH)
  }

  /** The lines of a bundle, from line `index * TILE_WIDTH` on. */
  async lines(index: number): Promise<readonly Uint8Array[]> {
    const hashes = await this.#hashes(0, index)
    const tile: Tile = { level: 'entries', index, width: hashes.length }
    let lines: readonly Uint8Array[] = []
    await this.#fetch([tile], ([bytes = NO_BYTES]) => {
      lines = parseEntryBundle(bytes, hashes.length)
      if (lines.some((line, place) => leafHash(line) !== hashes[place])) {
        throw new InvalidHistoryError('a bundle whose lines are others than those of the history')
      }
    })
    return lines
  }

  /** One line. */
  async line(index: number): Promise<Uint8Array> {
    const line = (await this.lines(Math.floor(index / TILE_WIDTH)))[index % TILE_WIDTH]
    if (line === undefined) throw new RangeError(`Cannot read line ${String(index)}: none such`)
    return line
  }

  /** The root that the history had when it was shorter. */
  async rootAt(size: number): Promise<Digest> {
    return await hashOfPrefix(this.#source, size, this.state.size)
  }

  /** As `proveInclusion`. */
  async proveInclusion(index: number): Promise<readonly Digest[]> {
    return await proveInclusion(this.#source, index, this.state.size)
  }

  /** As `proveConsistency`. */
  async proveConsistency(before: number): Promise<readonly Digest[]> {
    return await proveConsistency(this.#source, before, this.state.size)
  }

  readonly #source = async (path: string): Promise<Uint8Array> => {
    const { level, index } = parseTilePath(path)
    return formatTile(await this.#hashes(Number(level), index))
  }

  async #hashes(level: number, index: number): Promise<readonly Digest[]> {
    if (index === Math.floor(this.state.size / TILE_WIDTH ** (level + 1))) {
      this.#edge ??= this.#readEdge()
      const edge = this.#edge
      // What nobody gave now may be had later.
      edge.catch(() => (this.#edge = undefined))
      return (await edge)[level] ?? []
    }
    const key = `${String(level)}/${String(index)}`
    const kept = this.#tiles.get(key)
    if (kept !== undefined) return kept
    const above = await this.#hashes(level + 1, Math.floor(index / TILE_WIDTH))
    let hashes: readonly Digest[] = []
    await this.#fetch([{ level, index, width: TILE_WIDTH }], ([bytes = NO_BYTES]) => {
      hashes = parseTile(bytes, TILE_WIDTH)
      if (hashOfPerfect(hashes) !== above[index % TILE_WIDTH]) {
        throw new InvalidHistoryError('a tile that is not of the history')
      }
    })
    this.#keep(key, hashes)
    return hashes
  }

  /** The incomplete tile of each level. None of them can be judged alone, so that one source must give all. */
  async #readEdge(): Promise<readonly (readonly Digest[])[]> {
    const { size, root } = this.state
    const tiles = Array.from({ length: TILE_LEVELS }, (_, level): Tile => {
      const index = Math.floor(size / TILE_WIDTH ** (level + 1))
      return { level, index, width: Math.floor(size / TILE_WIDTH ** level) % TILE_WIDTH }
    }).filter(({ width }) => width > 0)
    const levels: (readonly Digest[])[] = Array.from({ length: TILE_LEVELS }, () => [])
    await this.#fetch(tiles, (bytes) => {
      for (const [place, { level, width }] of tiles.entries()) {
        levels[Number(level)] = parseTile(bytes[place] ?? NO_BYTES, width)
      }
      const subtrees = levels.toReversed().flatMap(perfectSubtrees)
      if (hashOfSubtrees(subtrees) !== root) {
        throw new InvalidHistoryError('tiles that do not lead to the root')
      }
    })
    return levels
  }

  #keep(key: string, hashes: readonly Digest[]): void {
    this.#tiles.set(key, hashes)
    if (this.#tiles.size <= MAX_KEPT_TILES) return
    const [oldest] = this.#tiles.keys()
    if (oldest !== undefined) this.#tiles.delete(oldest)
  }
}
