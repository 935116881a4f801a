import { hash } from 'node:crypto'

/** How many levels a trie can have: the digits of a key. */
export const KEY_DIGITS = 64

/** Hex digits in order: the names of a branch's children. */
export const HEX_DIGITS = '0123456789abcdef'

/**
 * Where a directory stands in the index: the SHA-256 of its path, 64 lower-case hex digits, one per level.
 *
 * @param directory without a slash at either end; `''` is the top
 */
export function directoryKey(directory: string): string {
  return hash('sha256', directory, 'hex')
}
