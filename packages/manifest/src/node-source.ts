import type { Digest } from './digest.ts'
import { sha256 } from './digest.ts'
import { InvalidIndexNodeError, MissingNodeError } from './errors.ts'
import { parseIndexNode } from './index-node.ts'
import type { IndexBranch, IndexLeaf, SubtreeTotals } from './index-node.ts'

/** Gives the bytes of an object by its digest, or undefined when it is not there. They need not be verified. */
export type NodeSource = (digest: Digest) => Promise<Uint8Array | undefined>

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
  source: NodeSource,
  reference: NodeReference,
): Promise<IndexLeaf | IndexBranch> {
  const bytes = await source(reference.digest)
  if (bytes === undefined) throw new MissingNodeError(reference.digest)
  return checkNode(bytes, reference)
}

/** Check bytes as `readNode` does. */
export function checkNode(bytes: Uint8Array, reference: NodeReference): IndexLeaf | IndexBranch {
  const { digest, prefix, totals } = reference
  if (sha256(bytes) !== digest) throw new InvalidIndexNodeError(`bytes that are not ${digest}`)
  const node = parseIndexNode(bytes, prefix)
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
