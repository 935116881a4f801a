/** The canonical shape: which subtree is a leaf, which a branch, and their bytes, from the directories that it holds. */
import type { Digest } from './digest.ts'
import { sha256 } from './digest.ts'
import { InvalidIndexEntryError } from './errors.ts'
import { HEX_DIGITS } from './index-key.ts'
import { formatBranch, formatFileLine, LEAF_HEADER, sumTotals } from './index-node.ts'
import type { IndexChild, IndexDirectory, IndexNode, SubtreeTotals } from './index-node.ts'
import type { IndexEntry } from './index-entry.ts'
import { MAX_OBJECT_BYTES, MAX_LEAF_DIRECTORIES, MAX_LEAF_BYTES } from './limits.ts'

/** A directory as a leaf shows it. */
export interface DirectoryBlock {
  readonly path: string
  /** `/<directory>` and a line for each file. */
  readonly text: string
  readonly files: number
  readonly bytes: number
}

/** Directories in the order of their keys. Blocks are made when asked for, so that millions need not exist at once. */
export interface BlockList {
  /** The key of the directory at a place, as far as its digit at a level. */
  digitAt(place: number, level: number): string
  blockAt(place: number): DirectoryBlock
}

/** Some neighbours of a block list, and the level of the tree that they belong to. */
export interface BlockRange {
  readonly start: number
  readonly end: number
  readonly level: number
}

export type EmitNode = (node: IndexNode) => void

/** What a parent says of a subtree. */
export interface Subtree extends SubtreeTotals {
  readonly digest: Digest
}

/** Make the one subtree that holds a range of directories, children before parents. */
export function buildSubtree(blocks: BlockList, range: BlockRange, emit: EmitNode): Subtree {
  if (range.end - range.start > MAX_LEAF_DIRECTORIES) return buildBranch(blocks, range, emit)
  const rendered = render(blocks, range)
  const places = Array.from({ length: range.end - range.start }, (_, index) => range.start + index)
  const leaf = tryLeaf(places.map((place) => rendered.blockAt(place)))
  if (leaf === undefined) return buildBranch(rendered, range, emit)
  return emitNode(leaf.nodeBytes, leaf.totals, emit)
}

function buildBranch(blocks: BlockList, range: BlockRange, emit: EmitNode): Subtree {
  const children: IndexChild[] = []
  let start = range.start
  for (const digit of HEX_DIGITS) {
    let end = start
    while (end < range.end && blocks.digitAt(end, range.level) === digit) end++
    if (end > start) {
      const child = buildSubtree(blocks, { start, end, level: range.level + 1 }, emit)
      children.push({ digit, ...child })
    }
    start = end
  }
  return emitBranch(children, emit)
}

/** Keep the blocks of a range that are few, for they may be asked for again a level down. */
function render(blocks: BlockList, { start }: BlockRange): BlockList {
  const kept: DirectoryBlock[] = []
  return {
    digitAt: (place, level) => blocks.digitAt(place, level),
    blockAt: (place) => (kept[place - start] ??= blocks.blockAt(place)),
  }
}

/** Make a branch over children in the order of their digits. */
export function emitBranch(children: readonly IndexChild[], emit: EmitNode): Subtree {
  return emitNode(formatBranch(children), sumTotals(children), emit)
}

/** Render a directory with its files in the order of their names. */
export function formatDirectory(path: string, entries: readonly IndexEntry[]): DirectoryBlock {
  let text = `/${path}\n`
  let bytes = 0
  for (const entry of entries) {
    text += formatFileLine(entry)
    bytes += entry.sizeBytes
  }
  return { path, text, files: entries.length, bytes }
}

/** Render a directory of a leaf that was read. */
export function toBlock(directory: IndexDirectory): DirectoryBlock {
  return formatDirectory(directory.path, directory.entries)
}

/** The leaf that holds some directories, unless they must be a branch. */
function tryLeaf(
  contents: DirectoryBlock[],
): { nodeBytes: Uint8Array; totals: SubtreeTotals } | undefined {
  const directories = contents.length
  contents.sort((a, b) => (a.path < b.path ? -1 : 1))
  const text = `${LEAF_HEADER}\n${contents.map((block) => block.text).join('')}`
  if (directories > 1 && text.length > MAX_LEAF_BYTES) return undefined
  if (text.length > MAX_OBJECT_BYTES) {
    const path = contents[0]?.path ?? ''
    throw new InvalidIndexEntryError(
      `/${path}`,
      `its files take ${String(text.length)} bytes, wanted at most ${String(MAX_OBJECT_BYTES)}`,
    )
  }
  const totals = sumTotals(contents.map(({ files, bytes }) => ({ directories: 1, files, bytes })))
  return { nodeBytes: Buffer.from(text, 'latin1'), totals }
}

function emitNode(bytes: Uint8Array, totals: SubtreeTotals, emit: EmitNode): Subtree {
  const digest = sha256(bytes)
  emit({ digest, bytes })
  return { digest, directories: totals.directories, files: totals.files, bytes: totals.bytes }
}
