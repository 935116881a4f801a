export { checkClock } from './clock-check.ts'
export { ControlClient } from './control-client.ts'
export { defaultDataDirectory } from './directories.ts'
export {
  ControlError,
  InvalidAddressError,
  ListenError,
  NoNodeError,
  NotFoundError,
  PortInUseError,
  RepositoryNameTakenError,
  UnpublishedTreeError,
  WrongClockError,
} from './errors.ts'
export { CorruptFileError } from '@jarswarm/files'
export type { Denial, DenyChange } from './deny/deny-list.ts'
export type { HostPort } from './listening.ts'
export { checkMirror } from './check-mirror.ts'
export type { MirrorCheck } from './check-mirror.ts'
export { disagrees, MAX_ENTRIES_READ } from '@jarswarm/mirror'
export type { UpstreamReport } from '@jarswarm/mirror'
export { createBootstrap, createNode } from './create-node.ts'
export type { Node } from './node.ts'
export type {
  AdoptedFile,
  CheckReport,
  GottenArtifact,
  IndexedFile,
  LocalFile,
  NodeControl,
  PathFinding,
  WithdrawnFile,
  WithdrawnList,
} from './node-control.ts'
export type { IndexQuery, IndexSlice } from './local-files/index-slice.ts'
export type { FileHistory, VerifiedRepository } from './history-reports.ts'
export type { LimitLine, LimitReport } from './limits/limit-report.ts'
export { MAX_CHECK_FINDINGS } from './limits/limits.ts'
export type { Mechanisms, NodeInit } from './node-init.ts'
export { createLogger, LOG_LEVELS } from './pino-logger.ts'
export type { LoggerInit, LogLevel } from './pino-logger.ts'
export { createPrimary } from './primary/primary.ts'
export type { Primary, PrimaryInit } from './primary/primary.ts'
export { certificatePlaces } from './tls/certificate-files.ts'
export type { CertificatePlaces } from './tls/certificate-files.ts'
export { TRUST_STORE_PASSWORD } from './tls/trust-store.ts'
export type { ProxyAddress } from './proxied-repositories.ts'
export { SystemClock } from './system-clock.ts'
