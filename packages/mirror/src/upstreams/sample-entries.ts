import { parseIndexNode } from '@jarswarm/manifest'
import type { Digest, IndexEntry, NodeSource } from '@jarswarm/manifest'
import { isMutablePath } from '@jarswarm/maven'

/** Walks for each entry that is wanted: those that end at one that is not wanted, or that is drawn already, are lost. */
const TRIES_PER_ENTRY = 4

export interface SampledIndex {
  readonly read: NodeSource
  readonly root: Digest
  /** @defaultValue releases */
  readonly isWanted?: (entry: IndexEntry) => boolean
}

/**
 * Draw entries of an index at random, each file with the same chance: down the tree by the number of files below.
 *
 * @param index.isWanted which of those that are drawn to take
 * @param random a number from 0 to 1
 * @returns `count` entries at most, each once; fewer of a small index, or when a node cannot be read
 */
export async function sampleEntries(
  index: SampledIndex,
  count: number,
  random: () => number,
): Promise<readonly IndexEntry[]> {
  const { isWanted = isRelease } = index
  const drawn = new Map<string, IndexEntry>()
  for (let tries = count * TRIES_PER_ENTRY; tries > 0 && drawn.size < count; tries -= 1) {
    const entry = await draw(index, random)
    if (entry !== undefined && isWanted(entry)) drawn.set(entry.path, entry)
  }
  return [...drawn.values()]
}

function isRelease({ path }: IndexEntry): boolean {
  return !isMutablePath(path)
}

async function draw(
  { read, root }: SampledIndex,
  random: () => number,
): Promise<IndexEntry | undefined> {
  for (let digest: Digest | undefined = root; digest !== undefined;) {
    const bytes: Uint8Array | undefined = await read(digest)
    if (bytes === undefined) return undefined
    const node = parseIndexNode(bytes)
    if (node.kind === 'leaf') {
      const entries = node.contents.flatMap((directory) => directory.entries)
      return entries[Math.floor(random() * entries.length)]
    }
    let left = random() * node.files
    digest = node.children.find(({ files }) => (left -= files) < 0)?.digest
  }
  return undefined
}
