/** Proofs over the history: that a line is in it, and that one history continues another. RFC 9162, section 2.1. */
import { isDigest } from './digest.ts'
import type { Digest } from './digest.ts'
import { InvalidHistoryError, InvalidHistoryProofError } from './errors.ts'
import { floorLog2, hashOfPerfect, hashOfSubtrees, nodeHash } from './history-hash.ts'
import { parseTile, TILE_WIDTH, tilePath } from './history-tile.ts'

/** Gives the bytes of a tile of hashes by its name; undefined when it is not there. They need not be verified. */
export type TileSource = (path: string) => Promise<Uint8Array | undefined>

/** The state of a history, as a head names it. */
export interface HistoryState {
  readonly size: number
  readonly root: Digest
}

/** Levels of the tree that one tile spans. */
const TILE_HEIGHT = 8

/**
 * Prove that the line at an index is in the history of a size.
 *
 * @param source has the tiles of that size
 * @returns the hashes beside the way from the line to the root
 * @throws {InvalidHistoryError} a tile is missing or malformed
 * @throws {RangeError} the index is not below the size
 */
export async function proveInclusion(
  source: TileSource,
  index: number,
  size: number,
): Promise<Digest[]> {
  if (!(index >= 0 && index < size)) throw new RangeError(`Cannot prove line ${index}: of ${size}`)
  const reader = new TileReader(source, size)
  const proof: Digest[] = []
  let [start, end] = [0, size]
  while (end - start > 1) {
    const middle = start + largestPowerBelow(end - start)
    const isLeft = index < middle
    proof.unshift(await (isLeft ? reader.hashOf(middle, end) : reader.hashOf(start, middle)))
    if (isLeft) end = middle
    else start = middle
  }
  return proof
}

/**
 * Prove that the history of one size continues the history of a smaller one, which has at least one line.
 *
 * @param source has the tiles of the larger size
 * @throws {InvalidHistoryError} a tile is missing or malformed
 * @throws {RangeError} the sizes are not in order
 */
export async function proveConsistency(
  source: TileSource,
  before: number,
  after: number,
): Promise<Digest[]> {
  if (!(before >= 1 && before <= after)) {
    throw new RangeError(`Cannot prove ${before} lines: wanted 1 to ${after}`)
  }
  const reader = new TileReader(source, after)
  const proof: Digest[] = []
  let [start, end] = [0, after]
  while (end !== before) {
    const middle = start + largestPowerBelow(end - start)
    const isLeft = before <= middle
    proof.unshift(await (isLeft ? reader.hashOf(middle, end) : reader.hashOf(start, middle)))
    if (isLeft) end = middle
    else start = middle
  }
  // What ends at the old size is known to whoever has the old root, unless it began elsewhere.
  if (start !== 0) proof.unshift(await reader.hashOf(start, end))
  return proof
}

/**
 * The root that a history had when it was shorter.
 *
 * @param source has the tiles of the size `after`
 * @throws {InvalidHistoryError} a tile is missing or malformed
 * @throws {RangeError} the sizes are not in order
 */
export async function hashOfPrefix(
  source: TileSource,
  before: number,
  after: number,
): Promise<Digest> {
  if (!(before >= 0 && before <= after)) {
    throw new RangeError(`Cannot hash ${before} lines: wanted 0 to ${after}`)
  }
  return await new TileReader(source, after).hashOf(0, before)
}

/**
 * Check that a line is in the history. Attackers hold index and proof.
 *
 * @param line its index and its `leafHash`
 * @throws {InvalidHistoryProofError}
 */
export function verifyInclusion(
  state: HistoryState,
  line: { readonly index: number; readonly hash: Digest },
  proof: readonly Digest[],
): void {
  const { index, hash } = line
  checkHashes([...proof, hash, state.root])
  if (!isCount(index) || !isCount(state.size) || index >= state.size) {
    throw new InvalidHistoryProofError(`line ${index} of ${state.size}`)
  }
  let [place, last] = [index, state.size - 1]
  let root = hash
  for (const sibling of proof) {
    if (last === 0) throw new InvalidHistoryProofError('too many hashes')
    if (place % 2 === 1 || place === last) {
      root = nodeHash(sibling, root)
      while (place % 2 === 0) [place, last] = [place / 2, half(last)]
    } else {
      root = nodeHash(root, sibling)
    }
    ;[place, last] = [half(place), half(last)]
  }
  if (last !== 0) throw new InvalidHistoryProofError('too few hashes')
  if (root !== state.root) throw new InvalidHistoryProofError('hashes that do not lead to the root')
}

/**
 * Check that one history continues another, of at least one line: nothing that was in it was changed or taken out.
 *
 * @throws {InvalidHistoryProofError}
 */
export function verifyConsistency(
  before: HistoryState,
  after: HistoryState,
  proof: readonly Digest[],
): void {
  checkHashes(proof)
  if (!isCount(before.size) || !isCount(after.size) || before.size > after.size) {
    throw new InvalidHistoryProofError(`a history of ${before.size} lines before ${after.size}`)
  }
  // Everything continues nothing: whoever has no history yet has nothing to verify, and must not call that a proof.
  if (before.size === 0) throw new InvalidHistoryProofError('a history of no lines before it')
  if (before.size === after.size) {
    if (proof.length > 0) throw new InvalidHistoryProofError('hashes where none are wanted')
    if (before.root !== after.root) throw new InvalidHistoryProofError('two roots of one size')
    return
  }
  const [was, is] = rootsOf(before, after.size, proof)
  if (was !== before.root || is !== after.root) {
    throw new InvalidHistoryProofError('hashes that do not lead to both roots')
  }
}

/** The roots of both histories that a consistency proof leads to. */
function rootsOf(
  before: HistoryState,
  afterSize: number,
  proof: readonly Digest[],
): readonly [Digest, Digest] {
  let [place, last] = [before.size - 1, afterSize - 1]
  while (place % 2 === 1) [place, last] = [half(place), half(last)]
  // A whole old history begins the proof with itself, which need not be sent.
  const hashes = place === 0 ? [before.root, ...proof] : proof
  // No hashes lead to no root.
  const [seed = '', ...rest] = hashes
  let [was, is] = [seed, seed]
  for (const sibling of rest) {
    if (last === 0) throw new InvalidHistoryProofError('too many hashes')
    if (place % 2 === 1 || place === last) {
      was = nodeHash(sibling, was)
      is = nodeHash(sibling, is)
      while (place % 2 === 0) [place, last] = [place / 2, half(last)]
    } else {
      is = nodeHash(is, sibling)
    }
    ;[place, last] = [half(place), half(last)]
  }
  if (last !== 0) throw new InvalidHistoryProofError('too few hashes')
  return [was, is]
}

/** Hashes of any part of a history, from its tiles. */
class TileReader {
  readonly #source: TileSource
  readonly #size: number

  constructor(source: TileSource, size: number) {
    this.#source = source
    this.#size = size
  }

  /** The hash over the lines from `start` to before `end`, where `start` is a place that the tree splits at. */
  async hashOf(start: number, end: number): Promise<Digest> {
    const parts: Promise<Digest>[] = []
    for (let at = start; at < end;) {
      const level = floorLog2(end - at)
      parts.push(this.#perfectHash(level, at / 2 ** level))
      at += 2 ** level
    }
    return hashOfSubtrees(await Promise.all(parts))
  }

  async #perfectHash(level: number, index: number): Promise<Digest> {
    const tileLevel = Math.floor(level / TILE_HEIGHT)
    const count = 2 ** (level % TILE_HEIGHT)
    const first = index * count
    const tileIndex = Math.floor(first / TILE_WIDTH)
    const available = Math.floor(this.#size / TILE_WIDTH ** tileLevel) - tileIndex * TILE_WIDTH
    const width = Math.min(TILE_WIDTH, available)
    const path = tilePath(tileLevel, tileIndex, width)
    const bytes = await this.#source(path)
    if (bytes === undefined) throw new InvalidHistoryError(`no ${path}`)
    const start = first % TILE_WIDTH
    return hashOfPerfect(parseTile(bytes, width).slice(start, start + count))
  }
}

/** The largest power of two below a number above 1. */
function largestPowerBelow(count: number): number {
  return 2 ** floorLog2(count - 1)
}

function half(value: number): number {
  return Math.floor(value / 2)
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function checkHashes(proof: readonly Digest[]): void {
  if (!proof.every(isDigest)) throw new InvalidHistoryProofError('a hash that is none')
}
