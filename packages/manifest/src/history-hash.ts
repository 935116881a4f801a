import { hash } from 'node:crypto'
import { sha256 } from './digest.ts'
import type { Digest } from './digest.ts'

/** The root of the history of nothing. */
export const EMPTY_HISTORY_ROOT: Digest =
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

// They keep a leaf from being passed off as a node. RFC 6962, section 2.1.
const LEAF = Buffer.of(0)
const NODE = Buffer.of(1)

/** The hash of a line of the history. @see https://www.rfc-editor.org/rfc/rfc6962#section-2.1 */
export function leafHash(line: Uint8Array): Digest {
  return sha256(Buffer.concat([LEAF, line]))
}

/** The hash over two neighbours. @see https://www.rfc-editor.org/rfc/rfc6962#section-2.1 */
export function nodeHash(left: Digest, right: Digest): Digest {
  return hash('sha256', Buffer.concat([NODE, Buffer.from(left + right, 'hex')]), 'hex')
}

/**
 * The hash over subtrees that stand side by side, each of a power of two of lines, larger ones first.
 *
 * @returns `EMPTY_HISTORY_ROOT` for none
 */
export function hashOfSubtrees(hashes: readonly Digest[]): Digest {
  return hashes.length === 0
    ? EMPTY_HISTORY_ROOT
    : hashes.reduceRight((right, left) => nodeHash(left, right))
}

/** The hash over a power of two of neighbours. */
export function hashOfPerfect(hashes: readonly Digest[]): Digest {
  let row = hashes
  while (row.length > 1) {
    const below = row
    row = Array.from({ length: below.length / 2 }, (_, index) =>
      nodeHash(below[2 * index] ?? '', below[2 * index + 1] ?? ''),
    )
  }
  return row[0] ?? EMPTY_HISTORY_ROOT
}

/** The largest possible perfect subtrees over neighbours, larger ones first: what `hashOfSubtrees` takes. */
export function perfectSubtrees(hashes: readonly Digest[]): Digest[] {
  const subtrees: Digest[] = []
  let start = 0
  while (start < hashes.length) {
    const width = 2 ** floorLog2(hashes.length - start)
    subtrees.push(hashOfPerfect(hashes.slice(start, start + width)))
    start += width
  }
  return subtrees
}

/** The level of the largest perfect subtree over a count of lines, for every count; `Math.log2` rounds up from 2^49 - 1 on. */
export function floorLog2(count: number): number {
  let level = 0
  while (2 ** (level + 1) <= count) level += 1
  return level
}
