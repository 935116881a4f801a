export { isDigest, sha256 } from './digest.ts'
export type { Digest } from './digest.ts'
export {
  InvalidHeadError,
  InvalidHistoryError,
  InvalidHistoryProofError,
  InvalidIndexEntryError,
  InvalidIndexNodeError,
  InvalidPackError,
  InvalidPieceListError,
  InvalidProofError,
  InvalidWithdrawalsError,
  MissingNodeError,
} from './errors.ts'
export { formatHead, parseHead } from './head.ts'
export type { Head, IndexTotals } from './head.ts'
export { formatHistoryLine, isReason, parseHistoryLine } from './history-event.ts'
export type { HistoryEvent, HistoryKind } from './history-event.ts'
export type { ReleaseMemory } from './fold-table.ts'
export { checkHistory, checkHistoryStep } from './history-fold.ts'
export type { HistoryMismatch, HistoryStep } from './history-fold.ts'
export { EMPTY_HISTORY_ROOT, leafHash, nodeHash } from './history-hash.ts'
export {
  proveConsistency,
  proveInclusion,
  verifyConsistency,
  verifyInclusion,
} from './history-proof.ts'
export type { HistoryState, TileSource } from './history-proof.ts'
export {
  formatEntryBundle,
  formatTile,
  parseEntryBundle,
  parseTile,
  parseTilePath,
  TILE_WIDTH,
  tilePath,
} from './history-tile.ts'
export type { Tile } from './history-tile.ts'
export { HistoryTree } from './history-tree.ts'
export type { HistoryFile } from './history-tree.ts'
export { buildIndex, buildIndexFrom, EMPTY_INDEX } from './index-build.ts'
export { diffIndex } from './index-diff.ts'
export type { IndexDifference } from './index-diff.ts'
export type { IndexEntry } from './index-entry.ts'
export { findDirectory, findEntry, walkIndex } from './index-find.ts'
export { directoryKey } from './index-key.ts'
export { childrenOf, directoryHeadBytes, fileLineBytes, parseIndexNode } from './index-node.ts'
export type {
  IndexChild,
  IndexDirectory,
  IndexLeaf,
  IndexNode,
  SubtreeTotals,
} from './index-node.ts'
export { proveDirectory, verifyProof } from './index-proof.ts'
export { IndexIntake } from './index-intake.ts'
export type { AwaitedPieceList, TakenObject } from './index-intake.ts'
export { missingObjects, removedObjects } from './index-sync.ts'
export type {
  FetchedObject,
  FetchObject,
  IndexObject,
  IndexStep,
  MissingObjectsOptions,
} from './index-sync.ts'
export { updateIndex } from './index-update.ts'
export type { IndexChanges, IndexUpdate } from './index-update.ts'
export type { BranchMemory, KnownBranch, NodeSource, RememberingSource } from './node-source.ts'
export { formatPack, packChunks, parsePack } from './pack.ts'
export { formatPieceList, parsePieceList, PIECE_BYTES, splitPieces } from './piece-list.ts'
export type { PieceRange } from './piece-list.ts'
export { isOrigin } from './repository-origin.ts'
export {
  hasSlice,
  SLICE_SET_BYTES,
  sliceOf,
  slicePrefix,
  SLICES,
  sliceSet,
  slicesIn,
} from './slice.ts'
export type { SliceSet } from './slice.ts'
export { sliceTotals, walkSlice } from './slice-walk.ts'
export type { SliceTotals } from './slice-walk.ts'
export { VerifiedHistory } from './verified-history.ts'
export type { TileFetcher } from './verified-history.ts'
export {
  formatWithdrawalBatch,
  formatWithdrawals,
  readWithdrawals,
  WITHDRAWALS_PER_PART,
} from './withdrawal.ts'
export type { Withdrawal, WithdrawalPart, WithdrawalsPointer } from './withdrawal.ts'
export { isWithdrawal, WithdrawalFold } from './withdrawal-fold.ts'
export type { FoldedWithdrawal } from './withdrawal-fold.ts'
export { busiestDay, countedWithdrawals } from './withdrawal-limit.ts'
export {
  HISTORY_LIMITS,
  INDEX_LIMITS,
  MAX_ARTIFACT_BYTES,
  MAX_HEAD_BYTES,
  MAX_LEAF_BYTES,
  MAX_LEAF_DIRECTORIES,
  MAX_MTIME_SECONDS,
  MAX_OBJECT_BYTES,
  MAX_REASON_BYTES,
  MAX_WITHDRAWALS,
  MAX_WITHDRAWALS_PER_DAY,
  SYNC_PARALLEL,
} from './limits.ts'
