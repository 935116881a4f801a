import type { Digest } from './digest.ts'
import { InvalidIndexNodeError, InvalidProofError } from './errors.ts'
import type { IndexEntry } from './index-entry.ts'
import { entriesIn } from './index-find.ts'
import { directoryKey } from './index-key.ts'
import { checkNode, childReference, goToLeaf, rootReference } from './node-source.ts'
import type { NodeReference, NodeSource, RememberingSource } from './node-source.ts'

/**
 * Collect the nodes that prove what is in a directory: from the root to its leaf, or to the branch without a child
 * for its next digit.
 *
 * Of a leaf only the digest is checked: all that stands in it is checked by whoever takes the proof.
 *
 * @throws {MissingNodeError} the source lacks a node on the way
 * @throws {InvalidIndexNodeError} a branch is malformed, or a node not the one that must stand there
 */
export async function proveDirectory(
  nodes: NodeSource | RememberingSource,
  root: Digest,
  directory: string,
): Promise<Uint8Array[]> {
  const proof: Uint8Array[] = []
  await goToLeaf(nodes, { root, key: directoryKey(directory) }, (bytes) => proof.push(bytes))
  return proof
}

/**
 * Check a proof. Attackers hold the nodes; the root comes from a trusted head.
 *
 * @param nodes as `proveDirectory` collects them: exactly these, in this order
 * @returns the files of the directory by name; undefined when it is proven to have none
 * @throws {InvalidProofError}
 */
export function verifyProof(
  root: Digest,
  directory: string,
  nodes: readonly Uint8Array[],
): readonly IndexEntry[] | undefined {
  const key = directoryKey(directory)
  let reference: NodeReference | undefined = rootReference(root)
  for (const [index, bytes] of nodes.entries()) {
    if (reference === undefined) {
      throw new InvalidProofError(`${String(nodes.length)} nodes, wanted ${String(index)}`)
    }
    const node = checkProofNode(bytes, reference)
    if (node.kind === 'leaf') {
      if (index + 1 === nodes.length) return entriesIn(node, directory)
      throw new InvalidProofError(`${String(nodes.length)} nodes, wanted ${String(index + 1)}`)
    }
    reference = childReference(node, reference.prefix, key.charAt(reference.prefix.length))
  }
  if (reference !== undefined) throw new InvalidProofError(`no node ${reference.digest}`)
  return undefined
}

function checkProofNode(bytes: Uint8Array, reference: NodeReference): ReturnType<typeof checkNode> {
  try {
    return checkNode(bytes, reference)
  } catch (error) {
    if (!(error instanceof InvalidIndexNodeError)) throw error
    throw new InvalidProofError('a node that does not belong there', { cause: error })
  }
}
