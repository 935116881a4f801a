export {
  CorruptStateError,
  ProposalUnderWayError,
  PublishRefusedError,
  StateDirectoryError,
  StateLockedError,
  StateMismatchError,
  TreeShrunkError,
  WithdrawalLimitError,
} from './errors.ts'
export { initRepository, prepareRepository, readPublishedLink } from './init-repository.ts'
export type { InitRepositoryOptions, NewRootKeys, RepositoryIdentity } from './init-repository.ts'
export type { RefusedFile, Settling } from './judge-file.ts'
export { changeMirrors, readMirrors } from './mirrors.ts'
export type { ChangeMirrorsOptions, SignedMirrors } from './mirrors.ts'
export { applyRoot, isRootInForce, proposeRoot, readRootState } from './next-root.ts'
export type {
  ApplyRootOptions,
  ApplyRootReport,
  ProposeRootOptions,
  RootState,
} from './next-root.ts'
export { publishTree } from './publish-tree.ts'
export { publishFrom } from './publish-from.ts'
export type { PublishFromOptions } from './publish-from.ts'
export { PACK_COMPRESSION } from './pack-writer.ts'
export { readPathLines } from './path-lines.ts'
export type { PublishReport, ReportedKind } from './publish-report.ts'
export type { PublishTreeOptions } from './publish-tree.ts'
export { RESIGN_AFTER_MS, resignTimestamp } from './resign-timestamp.ts'
export type { ResignTimestampOptions } from './resign-timestamp.ts'
export type { OnlineKeyUse, RootChange } from './root-change.ts'
export { MAX_REPORTED_PATHS } from './reported-paths.ts'
export type { ReportedPath } from './reported-paths.ts'
export type { PublishProgress } from './scan-tree.ts'
export { hashFile } from './hash-file.ts'
export type { FileDigests } from './file-hasher.ts'
export { inParallel } from './in-parallel.ts'
export { readSidecar } from './read-sidecar.ts'
export { compareStated, readStated } from './sidecar-check.ts'
export type { TreeFile, TreeProblem } from './tree-file.ts'
export { walkTree } from './walk-tree.ts'
export { proposeWithdrawal, readWithdrawn, withdrawPaths } from './withdraw.ts'
export type { ProposedWithdrawal, WithdrawOptions, WithdrawReport } from './withdraw.ts'
