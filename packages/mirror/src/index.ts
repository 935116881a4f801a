export type { DonationPace } from './donate/donation-pace.ts'
export { DECISION_TIMEOUT_MS } from './fetch/blob-fetcher.ts'
export { createBranchMemory } from './index-tree/branch-memory.ts'
export { MAX_ENTRIES_READ, MIRROR_LIMITS } from './limits.ts'
export { LanPeers } from './lan/lan-peers.ts'
export type { LanPeersComponents } from './lan/lan-peers.ts'
export { LanShelf } from './lan/lan-shelf.ts'
export type { LanShelfComponents } from './lan/lan-shelf.ts'
export { Mirror } from './mirror.ts'
export type { MirrorComponents } from './mirror.ts'
export { MirroredRepository } from './mirrored-repository.ts'
export { Prefetcher } from './prefetch/prefetcher.ts'
export type { PrefetcherComponents } from './prefetch/prefetcher.ts'
export type { BringOptions, GivenFile, PrefetchSource } from './prefetch/prefetch-source.ts'
export type { MirroredRepositoryComponents, MirroredRepositoryInit } from './repository-init.ts'
export { disagrees } from './upstreams/inspect-upstream.ts'
export type {
  SampleReport,
  UpstreamAgreement,
  UpstreamInspection,
} from './upstreams/inspect-upstream.ts'
export { inspectUpstream } from './upstreams/inspect-upstream.ts'
export { sampleEntries } from './upstreams/sample-entries.ts'
export type { UpstreamReport } from './upstreams/upstream-inspector.ts'
export { policyMatcher } from './share/mirror-policy.ts'
export type { MirrorPolicy } from './share/mirror-policy.ts'
export { guardedContent } from './withdrawal/guarded-content.ts'
export type { HeadWatchInit } from './trust/head-watch.ts'
export { BELIEVE_MS } from './unindexed-files.ts'
export type { ObservedOrigin } from './unindexed-files.ts'
export { ProxiedRepository, proxiedRepositoryId } from './proxy/proxied-repository.ts'
export type {
  ProxiedRepositoryComponents,
  ProxiedRepositoryInit,
} from './proxy/proxied-repository.ts'
export type {
  HistoryRange,
  HistoryReport,
  PathHistory,
  ProvenEvent,
} from './history/history-reader.ts'
