export { isDigest, sha256 } from './digest.ts'
export type { Digest } from './digest.ts'
export type { Head, IndexTotals } from './head.ts'
export type { IndexEntry } from './index-entry.ts'
