import { parseIndexNode } from '@jarswarm/manifest'
import type { Digest, IndexEntry, NodeSource } from '@jarswarm/manifest'
import { isMutablePath } from '@jarswarm/maven'

/** Walks for each entry that is wanted: those that end at a mutable file, or at one that is drawn already, are lost. */
const TRIES_PER_ENTRY = 4

/**
 * Draw releases of an index at random, each file with the same chance: down the tree by the number of files below.
 *
 * @param random a number from 0 to 1
 * @returns `count` entries at most, each once; fewer of a small index, or when a node cannot be read
 */
export async function sampleEntries(
  index: { readonly read: NodeSource; readonly root: Digest },
  count: number,
  random: () => number,
): Promise<readonly IndexEntry[]> {
  const drawn = new Map<string, IndexEntry>()
  for (let tries = count * TRIES_PER_ENTRY; tries > 0 && drawn.size < count; tries -= 1) {
    const entry = await draw(index, random)
    if (entry !== undefined && !isMutablePath(entry.path)) drawn.set(entry.path, entry)
  }
  return [...drawn.values()]
}

async function draw(
  { read, root }: { readonly read: NodeSource; readonly root: Digest },
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
