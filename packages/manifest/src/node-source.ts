import type { Digest } from './digest.ts'
import { sha256 } from './digest.ts'
import { InvalidIndexNodeError, MissingNodeError } from './errors.ts'
import { KEY_DIGITS } from './index-key.ts'
import { formatBranch, parseIndexNode } from './index-node.ts'
import type { IndexBranch, IndexLeaf, SubtreeTotals } from './index-node.ts'

/** Gives the bytes of an object by its digest, or undefined when it is not there. They need not be verified. */
export type NodeSource = (digest: Digest) => Promise<Uint8Array | undefined>

/** Branches that were read and checked, by digest: an LRU cache, for one. */
export interface BranchMemory {
  get(digest: Digest): IndexBranch | undefined
  set(digest: Digest, branch: IndexBranch): unknown
}

/** A source, and what need not be read from it again: the upper levels are on the way to everything, and few. */
export interface RememberingSource {
  readonly source: NodeSource
  readonly branches: BranchMemory
}

/** A node, and where it must stand. */
export interface NodeReference {
  readonly digest: Digest
  /** Digits that lead to it from the root. */
  readonly prefix: string
  /** What its parent says of it; undefined for a root of which only the digest is known. */
  readonly totals: SubtreeTotals | undefined
}

/**
 * Read a node and check it against its digest, its place and what its parent says of it.
 *
 * @throws {MissingNodeError} the source lacks it
 * @throws {InvalidIndexNodeError} it is not the node that must stand there
 */
export async function readNode(
  nodes: NodeSource | RememberingSource,
  reference: NodeReference,
): Promise<IndexLeaf | IndexBranch> {
  return recallBranch(nodes, reference) ?? (await readUnknown(nodes, reference)).node
}

/** As `readNode`, with the bytes. */
export async function readNodeBytes(
  nodes: NodeSource | RememberingSource,
  reference: NodeReference,
): Promise<{ readonly node: IndexLeaf | IndexBranch; readonly bytes: Uint8Array }> {
  const known = recallBranch(nodes, reference)
  if (known === undefined) return await readUnknown(nodes, reference)
  // A node has one form.
  return { node: known, bytes: formatBranch(known.children) }
}

/** Check bytes as `readNode` does. */
export function checkNode(bytes: Uint8Array, reference: NodeReference): IndexLeaf | IndexBranch {
  const { digest, prefix } = reference
  if (sha256(bytes) !== digest) throw new InvalidIndexNodeError(`bytes that are not ${digest}`)
  return checkTotals(parseIndexNode(bytes, prefix), reference)
}

/** Of the place of a branch its bytes say nothing but that it is not below the last digit. */
function recallBranch(
  nodes: NodeSource | RememberingSource,
  reference: NodeReference,
): IndexBranch | undefined {
  if (typeof nodes === 'function' || reference.prefix.length >= KEY_DIGITS) return undefined
  const known = nodes.branches.get(reference.digest)
  return known && checkTotals(known, reference)
}

async function readUnknown(
  nodes: NodeSource | RememberingSource,
  reference: NodeReference,
): Promise<{ readonly node: IndexLeaf | IndexBranch; readonly bytes: Uint8Array }> {
  const source = typeof nodes === 'function' ? nodes : nodes.source
  const bytes = await source(reference.digest)
  if (bytes === undefined) throw new MissingNodeError(reference.digest)
  const node = checkNode(bytes, reference)
  if (typeof nodes !== 'function' && node.kind === 'branch') {
    nodes.branches.set(reference.digest, node)
  }
  return { node, bytes }
}

function checkTotals<T extends SubtreeTotals>(node: T, { digest, totals }: NodeReference): T {
  if (totals !== undefined && !equalTotals(node, totals)) {
    throw new InvalidIndexNodeError(`totals of ${digest} that are not what its parent says`)
  }
  return node
}

/** The reference to a root of which only the digest is known. */
export function rootReference(digest: Digest): NodeReference {
  return { digest, prefix: '', totals: undefined }
}

function equalTotals(a: SubtreeTotals, b: SubtreeTotals): boolean {
  return a.directories === b.directories && a.files === b.files && a.bytes === b.bytes
}

/** The reference to the child of a branch at a digit; undefined when it has none there. */
export function childReference(
  branch: IndexBranch,
  prefix: string,
  digit: string,
): NodeReference | undefined {
  const child = branch.children.find((found) => found.digit === digit)
  if (child === undefined) return undefined
  return { digest: child.digest, prefix: prefix + digit, totals: child }
}
