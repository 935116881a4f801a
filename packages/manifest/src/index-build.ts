import { EntryArena } from './entry-arena.ts'
import type { IndexTotals } from './head.ts'
import type { IndexEntry } from './index-entry.ts'
import { HEX_DIGITS } from './index-key.ts'
import { LEAF_HEADER } from './index-node.ts'
import type { IndexNode } from './index-node.ts'
import { buildSubtree, formatDirectory } from './index-shape.ts'
import type { BlockList, EmitNode, Subtree } from './index-shape.ts'

/** SHA-256 of the leaf without directories, written out so that loading this module computes nothing. */
const EMPTY_ROOT = '3b71316ce2695ed8f05f39722157e90d23d3dfe2a6a36b3b1616e2d41e6b6c6e'

/** The index of a repository without artifacts. */
export const EMPTY_INDEX: { readonly totals: IndexTotals; readonly node: IndexNode } = {
  totals: { root: EMPTY_ROOT, directories: 0, files: 0, bytes: 0 },
  node: { digest: EMPTY_ROOT, bytes: Buffer.from(`${LEAF_HEADER}\n`, 'latin1') },
}

/**
 * Build the index of a set of entries, in any order.
 *
 * Takes about 150 bytes of memory an entry; nodes are handed out one by one, children before parents.
 *
 * @param emit called once for each node, the root last
 * @throws {InvalidIndexEntryError} an entry is malformed, is there twice, or shares its directory with too many
 */
export function buildIndex(entries: Iterable<IndexEntry>, emit: EmitNode): IndexTotals {
  const arena = new EntryArena()
  for (const entry of entries) arena.add(entry)
  return buildFrom(arena, emit)
}

/** `buildIndex` of entries that are read one by one, so that only the packed form of all of them is in memory. */
export async function buildIndexFrom(
  entries: AsyncIterable<IndexEntry>,
  emit: EmitNode,
): Promise<IndexTotals> {
  const arena = new EntryArena()
  for await (const entry of entries) arena.add(entry)
  return buildFrom(arena, emit)
}

function buildFrom(arena: EntryArena, emit: EmitNode): IndexTotals {
  const blocks = new ArenaBlocks(arena)
  return toTotals(buildSubtree(blocks, { start: 0, end: blocks.length, level: 0 }, emit))
}

/** The totals of a whole index from those of its root. */
export function toTotals({ digest, directories, files, bytes }: Subtree): IndexTotals {
  return { root: digest, directories, files, bytes }
}

/** The directories of an arena in the order of their keys. */
class ArenaBlocks implements BlockList {
  readonly #arena: EntryArena
  readonly #order: Uint32Array

  constructor(arena: EntryArena) {
    this.#arena = arena
    this.#order = arena.sortDirectories()
  }

  get length(): number {
    return this.#order.length
  }

  digitAt(place: number, level: number): string {
    const byte = this.#arena.keyByteAt(this.#order[place] ?? 0, level >> 1)
    return HEX_DIGITS.charAt(level % 2 === 0 ? byte >> 4 : byte & 15)
  }

  blockAt(place: number): ReturnType<typeof formatDirectory> {
    const directory = this.#order[place] ?? 0
    return formatDirectory(this.#arena.pathOf(directory), this.#arena.entriesOf(directory))
  }
}
