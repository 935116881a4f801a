export { addressRange } from './address-range.ts'
export type {
  ArrivingArtifact,
  ArtifactContent,
  ArtifactOpener,
  ArtifactSource,
  RepositoryStatus,
  Resolution,
  ResolveOptions,
  SourceKind,
} from './artifact-source.ts'
export type {
  AbortOptions,
  BlobChange,
  BlobPutOptions,
  BlobStat,
  BlobStore,
  BlobStoreUsage,
  BlobWriter,
  ByteRange,
  CheckFinding,
  StagedWriter,
} from './blob-store.ts'
export type { Clock } from './clock.ts'
export type { DonationStatus } from './donation-status.ts'
export type { Donation, Donor } from './donors.ts'
export {
  DigestMismatchError,
  DirectoryInUseError,
  ForeignDirectoryError,
  NoSpaceError,
  NotHeldError,
  SourceUnavailableError,
  StorageFailedError,
  TruncatedError,
  UnavailableError,
} from './errors.ts'
export { MAX_ACCEPTED_HEADS } from './history-store.ts'
export type {
  AcceptedHead,
  AcceptedStep,
  EvidenceStore,
  GoneRelease,
  HistoryStore,
} from './history-store.ts'
export type { EntryChange, IndexPart, IndexStore, NamedObject } from './index-store.ts'
export type { LanChecksumKind, LanContent, ProxiedClaim, ProxiedQuery } from './lan.ts'
export type { LogFields, Logger } from './logger.ts'
export type { Prefetch, PrefetchCounts, ServedArtifact } from './prefetch.ts'
export type { Limit, LimitGroup, Limits } from './limit.ts'
export type { PeerName } from './peer-name.ts'
export { providerKey } from './provider-key.ts'
export { formatProxiedClaim, parseProxiedClaim, PROXIED_CLAIM_BYTES } from './proxied-claim.ts'
export { CHECKSUM_KINDS } from './proxy.ts'
export type {
  ChecksumKind,
  OriginAnswer,
  OriginFile,
  OriginRequest,
  ProxyCache,
  ProxyOrigin,
  ProxyRecord,
} from './proxy.ts'
export { PUBLISHED_FOLDER, publishedPath } from './published-path.ts'
export type {
  ExchangeRequest,
  Holdings,
  HoldingsChange,
  ManifestVerdict,
  PeerStatus,
  ProviderSubject,
  Swarm,
  SwarmContent,
} from './swarm.ts'
export type { TrustRecord, TrustStore } from './trust-store.ts'
export type { PublishedName, StreamedName, Upstream, UpstreamHealth } from './upstream.ts'
export type { RecordStore } from './record-store.ts'
export { MAX_SERVED_PATHS } from './served-log.ts'
export type { ServedLog, ServedTimes } from './served-log.ts'
export type { WithdrawnStatus } from './withdrawn-status.ts'
