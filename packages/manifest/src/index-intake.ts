import type { Digest } from './digest.ts'
import { sha256 } from './digest.ts'
import { InvalidPackError } from './errors.ts'
import type { IndexEntry } from './index-entry.ts'
import type { IndexBranch, IndexDirectory } from './index-node.ts'
import { childReference, checkContent, rootReference } from './node-source.ts'
import type { NodeReference } from './node-source.ts'
import { MAX_AWAITED_OBJECTS } from './limits.ts'
import { parsePieceList } from './piece-list.ts'

/** A piece list that an entry names. */
export interface AwaitedPieceList {
  readonly digest: Digest
  /** Of the artifact. */
  readonly sizeBytes: number
}

type Awaited =
  | { readonly kind: 'node'; readonly reference: NodeReference }
  | { readonly kind: 'pieces'; readonly sizeBytes: number }

/** An object that was verified on its way from the root. */
export interface TakenObject {
  readonly digest: Digest
  readonly bytes: Uint8Array
  /** What a leaf says of its files; of all else nothing. */
  readonly entries: readonly IndexEntry[]
}

/**
 * Verifies the objects of an index as they come in one stream, parents before what they name: each must be named by the root
 * or by one before it, so that nothing else gets in, wherever the stream comes from.
 *
 * Keeps the names of what was named and did not come yet, at most {@link MAX_AWAITED_OBJECTS}: some hundred in the order in which
 * publishers write, deepest first.
 */
export class IndexIntake {
  readonly #awaited = new Map<Digest, Awaited>()

  constructor(root: Digest) {
    this.#awaited.set(root, { kind: 'node', reference: rootReference(root) })
  }

  /**
   * Take the next object.
   *
   * @throws {InvalidPackError} nothing before it names it, or it names too much
   * @throws {InvalidIndexNodeError} it is not the node that must stand there
   * @throws {InvalidPieceListError} it is not the piece list of its artifact
   */
  take(bytes: Uint8Array): TakenObject {
    const digest = sha256(bytes)
    const awaited = this.#awaited.get(digest)
    if (awaited === undefined) {
      throw new InvalidPackError(`the object ${digest}, which nothing before it names`)
    }
    this.#awaited.delete(digest)
    if (awaited.kind === 'pieces') {
      parsePieceList(bytes, awaited.sizeBytes)
      return { digest, bytes, entries: [] }
    }
    const node = checkContent(bytes, awaited.reference)
    if (node.kind === 'branch') {
      this.#awaitChildren(node, awaited.reference.prefix)
      return { digest, bytes, entries: [] }
    }
    return { digest, bytes, entries: this.#awaitPieceLists(node.contents) }
  }

  /**
   * Say that the stream has ended.
   *
   * @returns piece lists that did not come after they were named: files of equal bytes share theirs, which comes once and may
   *   have come before
   * @throws {InvalidPackError} a node is missing
   */
  end(): readonly AwaitedPieceList[] {
    return [...this.#awaited].map(([digest, awaited]) => {
      if (awaited.kind === 'node') throw new InvalidPackError(`no node ${digest}`)
      return { digest, sizeBytes: awaited.sizeBytes }
    })
  }

  #awaitChildren(branch: IndexBranch, prefix: string): void {
    for (const { digit, digest } of branch.children) {
      const reference = childReference(branch, prefix, digit)
      if (reference !== undefined) this.#await(digest, { kind: 'node', reference })
    }
  }

  #awaitPieceLists(contents: readonly IndexDirectory[]): readonly IndexEntry[] {
    const entries = contents.flatMap((directory) => directory.entries)
    for (const { pieceList, sizeBytes } of entries) {
      if (pieceList !== undefined) this.#await(pieceList, { kind: 'pieces', sizeBytes })
    }
    return entries
  }

  #await(digest: Digest, awaited: Awaited): void {
    // Only piece lists are shared, by files of equal bytes and so of equal size.
    if (!isSame(this.#awaited.get(digest) ?? awaited, awaited)) {
      throw new InvalidPackError(`the object ${digest} named for two places`)
    }
    this.#awaited.set(digest, awaited)
    if (this.#awaited.size > MAX_AWAITED_OBJECTS) {
      throw new InvalidPackError(`more than ${String(MAX_AWAITED_OBJECTS)} objects named ahead`)
    }
  }
}

function isSame(one: Awaited, other: Awaited): boolean {
  if (one.kind === 'pieces') return other.kind === 'pieces' && one.sizeBytes === other.sizeBytes
  return one === other
}
