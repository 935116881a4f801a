import type { Digest } from './digest.ts'
import type { IndexEntry } from './index-entry.ts'
import type { IndexDirectory, IndexLeaf } from './index-node.ts'
import { childReference, readNode, rootReference } from './node-source.ts'
import type { NodeReference, NodeSource } from './node-source.ts'
import { SLICE_DIGITS, sliceOf, slicePrefix, SLICES } from './slice.ts'

/** What is in each slice of an index, by its number. */
export interface SliceTotals {
  readonly files: Float64Array
  readonly bytes: Float64Array
}

/**
 * How many files each slice has, and of how many bytes. Reads the upper nodes of the index, at most 273.
 *
 * @throws {MissingNodeError | InvalidIndexNodeError} as `findEntry`
 */
export async function sliceTotals(source: NodeSource, root: Digest): Promise<SliceTotals> {
  const totals = { files: new Float64Array(SLICES), bytes: new Float64Array(SLICES) }
  const add = (slice: number, part: { readonly files: number; readonly bytes: number }): void => {
    totals.files[slice] = (totals.files[slice] ?? 0) + part.files
    totals.bytes[slice] = (totals.bytes[slice] ?? 0) + part.bytes
  }
  const waiting = [rootReference(root)]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const node = await readNode(source, next)
    if (node.kind === 'leaf') {
      for (const { slice, entries } of slicesOf(node)) {
        const bytes = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
        add(slice, { files: entries.length, bytes })
      }
      continue
    }
    for (const child of node.children) {
      const prefix = next.prefix + child.digit
      if (prefix.length === SLICE_DIGITS) add(Number.parseInt(prefix, 16), child)
      else waiting.push({ digest: child.digest, prefix, totals: child })
    }
  }
  return totals
}

/**
 * All files of a slice, in the order of the tree.
 *
 * @throws {MissingNodeError | InvalidIndexNodeError} as `findEntry`
 */
export async function* walkSlice(
  source: NodeSource,
  root: Digest,
  slice: number,
): AsyncGenerator<IndexEntry> {
  const digits = slicePrefix(slice)
  const waiting: NodeReference[] = [rootReference(root)]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const node = await readNode(source, next)
    const { prefix } = next
    if (node.kind === 'leaf') {
      for (const found of slicesOf(node)) if (found.slice === slice) yield* found.entries
    } else if (prefix.length < digits.length) {
      const child = childReference(node, prefix, digits.charAt(prefix.length))
      if (child !== undefined) waiting.push(child)
    } else {
      for (const child of node.children.toReversed()) {
        waiting.push({ digest: child.digest, prefix: prefix + child.digit, totals: child })
      }
    }
  }
}

/** A leaf above the third digit holds directories of several slices. */
function* slicesOf(
  leaf: IndexLeaf,
): Generator<{ readonly slice: number; readonly entries: IndexDirectory['entries'] }> {
  for (const { entries } of leaf.contents) {
    const [first] = entries
    if (first !== undefined) yield { slice: sliceOf(first.path), entries }
  }
}
