/** Two indexes at one place of the trie: the step that all comparisons of indexes share. */
import type { Digest } from './digest.ts'
import { directoryKey, HEX_DIGITS } from './index-key.ts'
import type { IndexBranch, IndexDirectory, IndexLeaf } from './index-node.ts'
import { childReference, rootReference } from './node-source.ts'
import type { NodeReference } from './node-source.ts'

/** A node that was not read yet. */
export interface UnreadSide extends NodeReference {
  readonly kind: 'unread'
}

/** What a leaf that stands further up holds of this place. */
export interface PartSide {
  readonly kind: 'part'
  /** Of the leaf. Equal to that of an unread node only when it is all of the leaf. */
  readonly digest: Digest
  readonly contents: readonly IndexDirectory[]
  /** Whether all of the leaf is here. */
  readonly whole: boolean
}

/** What one index holds of a place; undefined for nothing. */
export type Side = UnreadSide | PartSide | undefined

export interface Pair {
  readonly prefix: string
  readonly before: Side
  readonly after: Side
}

/** What was read of a side. */
export type OpenSide = IndexBranch | PartSide | undefined

/** The place where both indexes begin. */
export function rootPair(before: Digest | undefined, after: Digest | undefined): Pair {
  return { prefix: '', before: rootSide(before), after: rootSide(after) }
}

/** Whether two sides are known to hold the same without being read. */
export function isShared({ before, after }: Pair): boolean {
  return before?.digest === after?.digest
}

/** The side that a node makes once it is read. */
export function toOpenSide(node: IndexLeaf | IndexBranch, digest: Digest): OpenSide {
  if (node.kind === 'branch') return node
  return { kind: 'part', digest, contents: node.contents, whole: true }
}

/** The pairs one level down, those without anything left out, in the order of digits. */
export function splitPair(prefix: string, before: OpenSide, after: OpenSide): Pair[] {
  const beforeParts = splitSide(prefix, before)
  const afterParts = splitSide(prefix, after)
  return Array.from(HEX_DIGITS).flatMap((digit) => {
    const pair = {
      prefix: prefix + digit,
      before: beforeParts.get(digit),
      after: afterParts.get(digit),
    }
    return pair.before === undefined && pair.after === undefined ? [] : [pair]
  })
}

/** The directories of a side that is no branch. */
export function contentsOf(side: PartSide | undefined): readonly IndexDirectory[] {
  return side?.contents ?? []
}

function rootSide(digest: Digest | undefined): Side {
  return digest === undefined ? undefined : { kind: 'unread', ...rootReference(digest) }
}

function splitSide(prefix: string, side: OpenSide): Map<string, Side> {
  if (side === undefined) return new Map()
  if (side.kind === 'branch') {
    return new Map(
      side.children.map(({ digit }) => {
        const reference = childReference(side, prefix, digit)
        return [digit, reference && { kind: 'unread', ...reference }]
      }),
    )
  }
  const parts = Map.groupBy(side.contents, ({ path }) => directoryKey(path).charAt(prefix.length))
  const whole = side.whole && parts.size === 1
  return new Map([...parts].map(([digit, contents]) => [digit, { ...side, contents, whole }]))
}
