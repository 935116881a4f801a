import { directoryOf } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import type { Digest } from './digest.ts'
import { InvalidIndexEntryError } from './errors.ts'
import type { IndexTotals } from './head.ts'
import { EMPTY_INDEX, toTotals } from './index-build.ts'
import { entryFlawOf } from './index-entry.ts'
import type { IndexEntry } from './index-entry.ts'
import { directoryKey } from './index-key.ts'
import { sumTotals } from './index-node.ts'
import type { IndexBranch, IndexChild, IndexDirectory, IndexLeaf, IndexNode } from './index-node.ts'
import { buildSubtree, emitBranch, formatDirectory, toBlock } from './index-shape.ts'
import type { DirectoryBlock, Subtree } from './index-shape.ts'
import { checkNode, childReference, readNode } from './node-source.ts'
import type { NodeReference, NodeSource } from './node-source.ts'
import { MAX_LEAF_DIRECTORIES } from './limits.ts'

/** What is to change in an index. No path may stand in it twice. */
export interface IndexChanges {
  /** Entries to add, or to replace those of the same path. */
  readonly put: readonly IndexEntry[]
  /** Paths to remove; one that is not there stays so. */
  readonly remove: readonly RepositoryPath[]
}

export interface IndexUpdate {
  readonly totals: IndexTotals
  /** Nodes of the new index that the old one does not have, children before parents. */
  readonly added: readonly IndexNode[]
  /** Nodes of the old index that the new one does not have. */
  readonly removed: readonly Digest[]
}

/** The changes of one directory. */
interface DirectoryChange {
  readonly directory: string
  readonly key: string
  /** By path; undefined to remove. */
  readonly entries: Map<RepositoryPath, IndexEntry | undefined>
}

/**
 * Change an index. The result is byte for byte that of `buildIndex` over the changed set, but only the nodes on the
 * way to what changes are read and made.
 *
 * @param totals of the index to change, from its trusted head
 * @throws {InvalidIndexEntryError} an entry is malformed, a path stands in the changes twice, or a directory is full
 * @throws {MissingNodeError} the source lacks a node on the way
 * @throws {InvalidIndexNodeError} a node is malformed, or not the one that must stand there
 */
export async function updateIndex(
  source: NodeSource,
  totals: IndexTotals,
  changes: IndexChanges,
): Promise<IndexUpdate> {
  const update = new Update(source)
  const reference = { digest: totals.root, prefix: '', totals }
  const root = await update.apply(reference, groupChanges(changes))
  if (root === undefined) update.emit(EMPTY_INDEX.node)
  const { added, removed } = update.result()
  return { totals: root === undefined ? EMPTY_INDEX.totals : toTotals(root), added, removed }
}

function groupChanges({ put, remove }: IndexChanges): DirectoryChange[] {
  const changes = new Map<string, DirectoryChange>()
  const add = (path: RepositoryPath, entry: IndexEntry | undefined): void => {
    const directory = directoryOf(path)
    const change = changes.get(directory) ?? {
      directory,
      key: directoryKey(directory),
      entries: new Map<RepositoryPath, IndexEntry | undefined>(),
    }
    if (change.entries.has(path)) throw new InvalidIndexEntryError(path, 'it is there twice')
    change.entries.set(path, entry)
    changes.set(directory, change)
  }
  for (const entry of put) {
    const flaw = entryFlawOf(entry)
    if (flaw !== undefined) throw new InvalidIndexEntryError(entry.path, flaw)
    add(entry.path, entry)
  }
  for (const path of remove) add(path, undefined)
  return [...changes.values()]
}

/** One run of `updateIndex`: which nodes it made, and which of the old ones it read. */
class Update {
  readonly #source: NodeSource
  readonly #made = new Map<Digest, IndexNode>()
  readonly #read = new Set<Digest>()

  constructor(source: NodeSource) {
    this.#source = source
  }

  /** The subtree after the changes, all of which lie in it; undefined when nothing is left. */
  async apply(
    reference: NodeReference,
    changes: readonly DirectoryChange[],
  ): Promise<Subtree | undefined> {
    const node = await this.#readNode(reference)
    if (node.kind === 'branch') return this.#applyToBranch(node, reference.prefix, changes)
    return this.#build(mergeContents(node, changes), reference.prefix.length)
  }

  emit(node: IndexNode): void {
    this.#made.set(node.digest, node)
  }

  result(): { added: IndexNode[]; removed: Digest[] } {
    return {
      added: [...this.#made.values()].filter(({ digest }) => !this.#read.has(digest)),
      removed: [...this.#read].filter((digest) => !this.#made.has(digest)),
    }
  }

  async #applyToBranch(
    branch: IndexBranch,
    prefix: string,
    changes: readonly DirectoryChange[],
  ): Promise<Subtree | undefined> {
    const level = prefix.length
    const children = new Map(branch.children.map((child) => [child.digit, child]))
    for (const [digit, below] of Map.groupBy(changes, ({ key }) => key.charAt(level))) {
      const reference = childReference(branch, prefix, digit)
      const subtree =
        reference === undefined
          ? this.#build(mergeContents(undefined, below), level + 1)
          : await this.apply(reference, below)
      if (subtree === undefined) children.delete(digit)
      else children.set(digit, { digit, ...subtree })
    }
    return this.#rebuildBranch([...children.values()], prefix)
  }

  /** The subtree over some children, which is a leaf once they hold little enough. */
  async #rebuildBranch(
    unsorted: readonly IndexChild[],
    prefix: string,
  ): Promise<Subtree | undefined> {
    const children = unsorted.toSorted((a, b) => (a.digit < b.digit ? -1 : 1))
    const totals = sumTotals(children)
    if (totals.directories > MAX_LEAF_DIRECTORIES) {
      return emitBranch(children, (node) => {
        this.emit(node)
      })
    }
    // So few directories are a branch only while they are long; their bytes decide.
    const contents: IndexDirectory[] = []
    for (const child of children) {
      const reference = { digest: child.digest, prefix: prefix + child.digit, totals: child }
      await this.#collect(reference, contents)
    }
    return this.#build(contents.map(toBlock), prefix.length)
  }

  /** Take a subtree apart. What was made of it is made again if it is still needed. */
  async #collect(reference: NodeReference, contents: IndexDirectory[]): Promise<void> {
    const node = await this.#readNode(reference)
    this.#made.delete(reference.digest)
    if (node.kind === 'leaf') {
      contents.push(...node.contents)
      return
    }
    for (const { digit } of node.children) {
      const child = childReference(node, reference.prefix, digit)
      if (child !== undefined) await this.#collect(child, contents)
    }
  }

  async #readNode(reference: NodeReference): Promise<IndexLeaf | IndexBranch> {
    const made = this.#made.get(reference.digest)
    if (made !== undefined) return checkNode(made.bytes, reference)
    const node = await readNode(this.#source, reference)
    this.#read.add(reference.digest)
    return node
  }

  #build(blocks: readonly DirectoryBlock[], level: number): Subtree | undefined {
    if (blocks.length === 0) return undefined
    const keyed = blocks.map((block) => ({ key: directoryKey(block.path), block }))
    keyed.sort((a, b) => (a.key < b.key ? -1 : 1))
    const list = {
      digitAt: (place: number, at: number) => keyed[place]?.key.charAt(at) ?? '',
      blockAt: (place: number) => keyed[place]?.block ?? formatDirectory('', []),
    }
    return buildSubtree(list, { start: 0, end: keyed.length, level }, (node) => {
      this.emit(node)
    })
  }
}

/** The directories of a leaf after some changes. */
function mergeContents(
  leaf: IndexLeaf | undefined,
  changes: readonly DirectoryChange[],
): DirectoryBlock[] {
  const contents = new Map(leaf?.contents.map(({ path, entries }) => [path, entries]))
  for (const change of changes) {
    const kept = (contents.get(change.directory) ?? []).filter(
      ({ path }) => !change.entries.has(path),
    )
    const put = [...change.entries.values()].filter((entry) => entry !== undefined)
    const entries = [...kept, ...put].sort((a, b) => (a.path < b.path ? -1 : 1))
    if (entries.length === 0) contents.delete(change.directory)
    else contents.set(change.directory, entries)
  }
  return [...contents].map(([path, entries]) => formatDirectory(path, entries))
}
