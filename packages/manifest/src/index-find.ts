import { directoryOf } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import type { Digest } from './digest.ts'
import type { IndexEntry } from './index-entry.ts'
import { directoryKey } from './index-key.ts'
import type { IndexLeaf } from './index-node.ts'
import { findLeaf, readNode, rootReference } from './node-source.ts'
import type { NodeSource, RememberingSource } from './node-source.ts'

/**
 * Find what the index says of a path.
 *
 * @returns undefined when the path is proven absent
 * @throws {MissingNodeError} the source lacks a node on the way
 * @throws {InvalidIndexNodeError} a node is malformed, or not the one that must stand there
 */
export async function findEntry(
  nodes: NodeSource | RememberingSource,
  root: Digest,
  path: RepositoryPath,
): Promise<IndexEntry | undefined> {
  const entries = await findDirectory(nodes, root, directoryOf(path))
  return entries?.find((entry) => entry.path === path)
}

/**
 * Find the files that stand directly in a directory, by name.
 *
 * @param directory without a slash at either end; `''` is the top
 * @returns undefined when the directory is proven to have none
 * @throws {MissingNodeError} the source lacks a node on the way
 * @throws {InvalidIndexNodeError} a node is malformed, or not the one that must stand there
 */
export async function findDirectory(
  nodes: NodeSource | RememberingSource,
  root: Digest,
  directory: string,
): Promise<readonly IndexEntry[] | undefined> {
  const leaf = await findLeaf(nodes, { root, key: directoryKey(directory) })
  return leaf && entriesIn(leaf, directory)
}

/** All entries of an index, in the order of the tree. Reads each node once and keeps few. */
export async function* walkIndex(source: NodeSource, root: Digest): AsyncGenerator<IndexEntry> {
  const waiting = [rootReference(root)]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const node = await readNode(source, next)
    if (node.kind === 'leaf') {
      for (const directory of node.contents) yield* directory.entries
    } else {
      const { prefix } = next
      for (const child of node.children.toReversed()) {
        waiting.push({ digest: child.digest, prefix: prefix + child.digit, totals: child })
      }
    }
  }
}

/** The files of a directory in the leaf where it must stand. */
export function entriesIn(leaf: IndexLeaf, directory: string): readonly IndexEntry[] | undefined {
  return leaf.contents.find((found) => found.path === directory)?.entries
}
