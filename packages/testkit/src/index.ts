export { MemoryNetwork } from './swarm/memory-network.ts'
export type { MemoryNetworkInit } from './swarm/memory-network.ts'
export { MemorySwarm } from './swarm/memory-swarm.ts'
export type { MemoryPeerInit, MemorySurroundings } from './swarm/memory-swarm.ts'
export { MemorySwarmContent } from './swarm/memory-swarm-content.ts'
export type { PeerManner } from './swarm/peer-manner.ts'
export { swarmConformance } from './swarm/swarm-conformance.ts'
export type { SwarmFixture, SwarmFixtureInit } from './swarm/swarm-conformance.ts'
export { MemoryUpstream } from './upstream/memory-upstream.ts'
export type { MemoryUpstreamInit } from './upstream/memory-upstream.ts'
export { wrongBytes } from './upstream/upstream-behaviour.ts'
export type { UpstreamBehaviour } from './upstream/upstream-behaviour.ts'
export { upstreamConformance } from './upstream/upstream-conformance.ts'
export type { UpstreamFixture } from './upstream/upstream-conformance.ts'
export { MemoryBlobStore } from './memory-blob-store.ts'
export type { MemoryBlobStoreInit } from './memory-blob-store.ts'
export { MemoryIndexStore } from './memory-index-store.ts'
export { MemoryProxyCache } from './memory-proxy-cache.ts'
export { MemoryTrustStore } from './memory-trust-store.ts'
export { ManualClock, TEST_NOW_MS } from './manual-clock.ts'
export { RecordingLogger } from './recording-logger.ts'
export type { LogLine } from './recording-logger.ts'
export { silentLogger } from './silent-logger.ts'
export { blobStoreConformance } from './conformance/blob-store-conformance.ts'
export type { BlobStoreFixture } from './conformance/blob-store-conformance.ts'
export { indexStoreConformance } from './conformance/index-store-conformance.ts'
export type { IndexStoreFixture } from './conformance/index-store-conformance.ts'
export { proxyCacheConformance } from './conformance/proxy-cache-conformance.ts'
export type { ProxyCacheFixture } from './conformance/proxy-cache-conformance.ts'
export { trustStoreConformance } from './conformance/trust-store-conformance.ts'
export type { TrustStoreFixture } from './conformance/trust-store-conformance.ts'
export { MemoryArtifactSource } from './memory-artifact-source.ts'
export type {
  ArtifactManner,
  MemoryArtifact,
  MemoryArtifactSourceInit,
} from './memory-artifact-source.ts'
export { SignedRepositoryBuilder } from './repository/signed-repository-builder.ts'
export type {
  PublishedState,
  PublishOptions,
  SignedRepositoryInit,
} from './repository/signed-repository-builder.ts'
