import type { IndexedFile, PathFinding } from '@jarswarm/node'

/** A file as it was found, on this machine or on a server. */
export interface FoundFile {
  readonly path: string
  readonly sizeBytes: number
  /** SHA-256 of its bytes. */
  readonly digest: string
}

/** One difference between what was found and what is signed. */
export interface Difference {
  readonly path: string
  readonly repository: string
  readonly found: { readonly digest: string; readonly bytes: number }
  readonly signed: { readonly digest: string; readonly bytes: number }
}

/**
 * How a file compares with the signed indexes: `same` as one of them names it; `changed`, named with other bytes;
 * `unknown` to all; `unsure` when an index that might name it cannot be read now.
 */
export type Verdict =
  | { readonly kind: 'same' | 'unknown' }
  | { readonly kind: 'unsure'; readonly reason: string }
  | { readonly kind: 'changed'; readonly difference: Difference }

/** Compare one file with what the indexes say of its path. */
export function judge(file: FoundFile, { indexed, unsure }: PathFinding): Verdict {
  const same = indexed.some(
    ({ digest, sizeBytes }) => digest === file.digest && sizeBytes === file.sizeBytes,
  )
  if (same) return { kind: 'same' }
  // Another repository may name just these bytes.
  if (unsure !== null) return { kind: 'unsure', reason: unsure }
  const [other] = indexed
  return other === undefined
    ? { kind: 'unknown' }
    : { kind: 'changed', difference: differenceOf(file, other) }
}

function differenceOf(file: FoundFile, signed: IndexedFile): Difference {
  return {
    path: file.path,
    repository: signed.repository,
    found: { digest: file.digest, bytes: file.sizeBytes },
    signed: { digest: signed.digest, bytes: signed.sizeBytes },
  }
}
