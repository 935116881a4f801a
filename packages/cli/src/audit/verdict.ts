import type { IndexedFile, PathFinding, WithdrawnFile } from '@jarswarm/node'

/** A file as it was found, on this machine or on a server. */
export interface FoundFile {
  readonly path: string
  readonly sizeBytes: number
  /** SHA-256 of its bytes; undefined when not all of them were read. */
  readonly digest: string | undefined
}

/**
 * How a file differs from what is signed. `withdrawn`: taken back by whoever published it; `changed`: other bytes;
 * `older`: what the history says that it was before; `newer`: a mutable file with bytes that no head known here ever
 * named, of a newer deploy or made up.
 *
 * On a server also: `length`: not even as long, and not read to its end; `page`: a page for people in its place; `cut`: the body ends before it
 * is whole; `missing`; `checksum`: a checksum file that does not say what the file beside it hashes to; `date`: another
 * date, where that matters.
 */
export type DifferenceKind =
  | 'withdrawn'
  | 'changed'
  | 'older'
  | 'newer'
  | 'length'
  | 'page'
  | 'cut'
  | 'missing'
  | 'checksum'
  | 'date'

/** One difference between what was found and what is signed. */
export interface Difference {
  readonly kind: DifferenceKind
  readonly path: string
  readonly repository: string
  /** Null when there was nothing, or nothing whole. */
  readonly found: { readonly digest: string | null; readonly bytes: number } | null
  readonly signed: { readonly digest: string; readonly bytes: number }
  /** What else is known of it. */
  readonly remark?: string
}

/**
 * How a file compares with the signed indexes: `same` as one of them names it; `differs`, named with other bytes;
 * `unknown` to all; `unsure` when none names it, and one that might cannot be read now.
 */
export type Verdict =
  | { readonly kind: 'same' | 'unknown' }
  | { readonly kind: 'unsure'; readonly reason: string }
  | { readonly kind: 'differs'; readonly difference: Difference }

/** Compare one file with what the indexes say of its path. */
export function judge(file: FoundFile, { indexed, withdrawn, unsure }: PathFinding): Verdict {
  const same = indexed.some(
    ({ digest, sizeBytes }) => digest === file.digest && sizeBytes === file.sizeBytes,
  )
  if (same) return { kind: 'same' }
  const [taken] = withdrawn
  if (taken !== undefined) {
    const signed = { ...taken, sizeBytes: file.sizeBytes }
    const difference = withRemarks(differenceOf('withdrawn', file, signed), withdrawnWords(taken))
    return { kind: 'differs', difference }
  }
  const [other] = indexed
  if (other === undefined) {
    return unsure === null ? { kind: 'unknown' } : { kind: 'unsure', reason: unsure }
  }
  const difference = differenceOf('changed', file, other)
  if (unsure === null) return { kind: 'differs', difference }
  // Another repository may name just these bytes. An index that is out of reach must not hide what this one shows.
  const remark = `an index could not be read, ${unsure}`
  return { kind: 'differs', difference: { ...difference, remark } }
}

/** When and why something was withdrawn. */
export function withdrawnWords({ issued, reason }: WithdrawnFile): string {
  return `withdrawn on ${issued.slice(0, 10)}${reason === null ? '' : `, ${reason}`}`
}

/** Say more of a difference. */
export function withRemarks(difference: Difference, ...more: readonly string[]): Difference {
  const remarks = [difference.remark, ...more].filter((one) => one !== undefined)
  return remarks.length === 0 ? difference : { ...difference, remark: remarks.join('; ') }
}

/** Say that a file is not as it was signed. */
export function differenceOf(
  kind: DifferenceKind,
  { path, digest, sizeBytes }: FoundFile,
  signed: Pick<IndexedFile, 'repository' | 'digest' | 'sizeBytes'>,
): Difference {
  return {
    kind,
    path,
    repository: signed.repository,
    found: { digest: digest ?? null, bytes: sizeBytes },
    signed: { digest: signed.digest, bytes: signed.sizeBytes },
  }
}
