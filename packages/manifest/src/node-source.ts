import type { Digest } from './digest.ts'
import { sha256 } from './digest.ts'
import { InvalidIndexNodeError, MissingNodeError } from './errors.ts'
import { KEY_DIGITS } from './index-key.ts'
import { childOf, isLeaf, parseIndexBranch, parseIndexLeaf, parseIndexNode } from './index-node.ts'
import type { IndexBranch, IndexChild, IndexLeaf, SubtreeTotals } from './index-node.ts'

/** Gives the bytes of an object by its digest, or undefined when it is not there. They need not be verified. */
export type NodeSource = (digest: Digest) => Promise<Uint8Array | undefined>

/** A branch that was read and checked. As text it takes half of what its children would take as objects. */
export interface KnownBranch extends SubtreeTotals {
  readonly text: string
}

/** Branches by digest: an LRU cache, for one. */
export interface BranchMemory {
  get(digest: Digest): KnownBranch | undefined
  set(digest: Digest, branch: KnownBranch): unknown
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
  source: NodeSource,
  reference: NodeReference,
): Promise<IndexLeaf | IndexBranch> {
  return checkContent(await readBytes(source, reference), reference)
}

/** Where look-ups go. */
export interface LeafPlace {
  readonly root: Digest
  readonly key: string
}

/**
 * Go from the root to the leaf where a key must be, or to the branch without a child for its next digit.
 *
 * @returns undefined when there is no such leaf
 * @throws as `readNode`
 */
export async function findLeaf(
  nodes: NodeSource | RememberingSource,
  place: LeafPlace,
): Promise<IndexLeaf | undefined> {
  const end = await goToLeaf(nodes, place)
  return end && checkTotals(parseIndexLeaf(end.bytes, end.reference.prefix), end.reference)
}

/**
 * As `findLeaf`, but of the leaf only the digest is checked: what stands in it is for whoever reads it.
 *
 * @param visit called with the bytes of each node on the way, that of the leaf among them
 * @throws as `readNode`, but for the content of the leaf
 */
export async function goToLeaf(
  nodes: NodeSource | RememberingSource,
  { root, key }: LeafPlace,
  visit?: (bytes: Uint8Array) => void,
): Promise<{ readonly bytes: Uint8Array; readonly reference: NodeReference } | undefined> {
  const { source, branches } =
    typeof nodes === 'function' ? { source: nodes, branches: undefined } : nodes
  let reference: NodeReference | undefined = rootReference(root)
  while (reference !== undefined) {
    const { prefix, digest } = reference
    const digit = key.charAt(prefix.length)
    const known = recallBranch(branches, reference)
    if (known !== undefined) {
      visit?.(Buffer.from(known.text, 'latin1'))
      reference = referenceTo(childOf(known.text, digit), prefix)
      continue
    }
    const bytes = await readBytes(source, reference)
    visit?.(bytes)
    if (isLeaf(bytes)) return { bytes, reference }
    const branch = checkTotals(parseIndexBranch(bytes, prefix), reference)
    branches?.set(digest, toKnown(branch, bytes))
    reference = childReference(branch, prefix, digit)
  }
  return undefined
}

/** Check bytes as `readNode` does. */
export function checkNode(bytes: Uint8Array, reference: NodeReference): IndexLeaf | IndexBranch {
  checkDigest(bytes, reference)
  return checkContent(bytes, reference)
}

function checkDigest(bytes: Uint8Array, { digest }: NodeReference): void {
  if (sha256(bytes) !== digest) throw new InvalidIndexNodeError(`bytes that are not ${digest}`)
}

/** The rest of `checkNode`, for bytes that have the digest. */
export function checkContent(bytes: Uint8Array, reference: NodeReference): IndexLeaf | IndexBranch {
  return checkTotals(parseIndexNode(bytes, reference.prefix), reference)
}

/** Of the place of a branch its bytes say nothing but that it is not below the last digit. */
function recallBranch(
  branches: BranchMemory | undefined,
  reference: NodeReference,
): KnownBranch | undefined {
  if (branches === undefined || reference.prefix.length >= KEY_DIGITS) return undefined
  const known = branches.get(reference.digest)
  return known && checkTotals(known, reference)
}

function toKnown(
  { directories, files, bytes }: IndexBranch,
  { buffer, byteOffset, length }: Uint8Array,
): KnownBranch {
  return {
    directories,
    files,
    bytes,
    text: Buffer.from(buffer, byteOffset, length).toString('latin1'),
  }
}

/** @returns bytes that have the digest */
async function readBytes(source: NodeSource, reference: NodeReference): Promise<Uint8Array> {
  const bytes = await source(reference.digest)
  if (bytes === undefined) throw new MissingNodeError(reference.digest)
  checkDigest(bytes, reference)
  return bytes
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
  return referenceTo(
    branch.children.find((found) => found.digit === digit),
    prefix,
  )
}

function referenceTo(child: IndexChild | undefined, prefix: string): NodeReference | undefined {
  return child && { digest: child.digest, prefix: prefix + child.digit, totals: child }
}
