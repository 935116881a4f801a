/** Slices: the parts of an index that are kept or left as one, by nodes that keep a share of it. */
import { directoryOf } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { directoryKey } from './index-key.ts'

/** Hex digits of a directory's key that say to which slice it belongs: the levels of the trie above it. */
export const SLICE_DIGITS = 3

/** How many slices an index has. */
export const SLICES: number = 16 ** SLICE_DIGITS

/** Bytes of a `SliceSet`. */
export const SLICE_SET_BYTES: number = SLICES / 8

/** Some slices, 512 bytes: slice n is bit 7 - n % 8, the highest being 7, of byte n / 8. */
export type SliceSet = Uint8Array

/**
 * The slice that a file belongs to, 0 to 4 095: the first three hex digits of its directory's key, so that a
 * slice is one subtree, and a jar, its pom and its signatures are in one.
 */
export function sliceOf(path: RepositoryPath): number {
  return Number.parseInt(directoryKey(directoryOf(path)).slice(0, SLICE_DIGITS), 16)
}

/** How the keys of a slice's directories begin: three lower-case hex digits. */
export function slicePrefix(slice: number): string {
  return slice.toString(16).padStart(SLICE_DIGITS, '0')
}

/**
 * Make a set of slices.
 *
 * @throws {RangeError} when one is none of the index
 */
export function sliceSet(slices: Iterable<number>): SliceSet {
  const set = new Uint8Array(SLICE_SET_BYTES)
  for (const slice of slices) {
    if (!Number.isInteger(slice) || slice < 0 || slice >= SLICES) {
      const wanted = `a whole number from 0 to ${String(SLICES - 1)}`
      throw new RangeError(`Cannot name a slice: found ${String(slice)}, wanted ${wanted}`)
    }
    set[slice >> 3] = (set[slice >> 3] ?? 0) | (0x80 >> (slice & 7))
  }
  return set
}

export function hasSlice(set: SliceSet, slice: number): boolean {
  return ((set[slice >> 3] ?? 0) & (0x80 >> (slice & 7))) !== 0
}

/** The slices of a set, ascending. */
export function* slicesIn(set: SliceSet): Generator<number> {
  for (let slice = 0; slice < SLICES; slice += 1) if (hasSlice(set, slice)) yield slice
}
