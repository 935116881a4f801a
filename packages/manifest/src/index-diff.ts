import type { RepositoryPath } from '@jarswarm/maven'
import type { Digest } from './digest.ts'
import type { IndexEntry } from './index-entry.ts'
import type { IndexDirectory } from './index-node.ts'
import { contentsOf, isShared, rootPair, splitPair, toOpenSide } from './index-pair.ts'
import type { OpenSide, Side } from './index-pair.ts'
import { readNode } from './node-source.ts'
import type { NodeSource } from './node-source.ts'

/** One path that two indexes say something different about. */
export interface IndexDifference {
  readonly path: RepositoryPath
  /** Undefined when it was added. */
  readonly before: IndexEntry | undefined
  /** Undefined when it was removed. */
  readonly after: IndexEntry | undefined
}

/**
 * Compare two indexes. Reads only nodes that differ, so that the cost is that of the differences.
 *
 * @param source has the nodes of both
 * @returns each differing path once, in the order of the tree
 * @throws {MissingNodeError} the source lacks a node that is needed
 * @throws {InvalidIndexNodeError} a node is malformed, or not the one that must stand there
 */
export async function* diffIndex(
  source: NodeSource,
  before: Digest,
  after: Digest,
): AsyncGenerator<IndexDifference> {
  const waiting = [rootPair(before, after)]
  for (let pair = waiting.pop(); pair !== undefined; pair = waiting.pop()) {
    if (isShared(pair)) continue
    const [was, is] = await Promise.all([
      openSide(source, pair.before),
      openSide(source, pair.after),
    ])
    if (was?.kind === 'branch' || is?.kind === 'branch') {
      waiting.push(...splitPair(pair.prefix, was, is).reverse())
    } else {
      yield* diffEntries(entriesByPath(contentsOf(was)), entriesByPath(contentsOf(is)))
    }
  }
}

/** Read a side from a source that has it. */
export async function openSide(source: NodeSource, side: Side): Promise<OpenSide> {
  if (side?.kind !== 'unread') return side
  return toOpenSide(await readNode(source, side), side.digest)
}

function entriesByPath(contents: readonly IndexDirectory[]): Map<RepositoryPath, IndexEntry> {
  return new Map(contents.flatMap(({ entries }) => entries.map((entry) => [entry.path, entry])))
}

function* diffEntries(
  before: ReadonlyMap<RepositoryPath, IndexEntry>,
  after: ReadonlyMap<RepositoryPath, IndexEntry>,
): Generator<IndexDifference> {
  for (const [path, was] of before) {
    const is = after.get(path)
    if (is === undefined || !equalEntries(was, is)) yield { path, before: was, after: is }
  }
  for (const [path, is] of after) {
    if (!before.has(path)) yield { path, before: undefined, after: is }
  }
}

/** Whether two entries of one path say the same. The piece list follows from the blob, yet is compared. */
function equalEntries(a: IndexEntry, b: IndexEntry): boolean {
  return (
    a.digest === b.digest &&
    a.sha1 === b.sha1 &&
    a.sizeBytes === b.sizeBytes &&
    a.mtimeSeconds === b.mtimeSeconds &&
    a.pieceList === b.pieceList
  )
}
