import type { Digest } from './digest.ts'

/** Totals of an index tree, as they stand in the head and in each branch line. */
export interface IndexTotals {
  /** Digest of the root node. */
  readonly root: Digest
  readonly directories: number
  readonly files: number
  /** Sum of the sizes of all artifacts. */
  readonly bytes: number
}

/** One state of a repository: the content of `head.json`. */
export interface Head {
  /** 1 for the first publish; each publish that changes anything adds 1. */
  readonly seq: number
  /** When it was published, ISO 8601 in UTC with seconds, `2026-11-22T20:18:56Z`. */
  readonly issued: string
  readonly index: IndexTotals
  /** RFC 6962 tree over the history lines. */
  readonly history: { readonly size: number; readonly root: Digest }
  /** SHA-256 of the previous `head.json`, or null for the first. */
  readonly previous: Digest | null
  /** The whole index in one file, of this or an earlier state; null when there is none. */
  readonly pack: {
    readonly digest: Digest
    readonly sizeBytes: number
    /** Index root whose nodes the pack holds. */
    readonly root: Digest
  } | null
}
