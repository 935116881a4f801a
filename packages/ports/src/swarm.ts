import type { Digest } from '@jarswarm/manifest'
import type { RepositoryId } from '@jarswarm/trust'
import type { AbortOptions, ByteRange } from './blob-store.ts'
import type { Donation, Donor } from './donors.ts'
import type { ProxiedQuery } from './lan.ts'
import type { PeerName } from './peer-name.ts'

export interface PeerStatus {
  readonly peer: PeerName
  readonly addresses: readonly string[]
  readonly connected: boolean
  /** Repositories that both follow. */
  readonly repositories: readonly RepositoryId[]
  /** Last measured round trip, or undefined before the first. */
  readonly roundTripMs: number | undefined
  /** Whether the peer is on the same machine or a private network. */
  readonly local: boolean
  readonly banned: boolean
}

/**
 * What a peer can be asked for.
 *
 * `blob` is answered with exactly `length` bytes and never more than 256 KiB; `object` (index node or piece
 * list, at most 1 MiB), `manifest` and `root` (at most 64 KiB and 512 000 B) whole, but a manifest of the digest `unless`
 * may be answered with no bytes; `proxied`, which only local peers answer, with a `ProxiedClaim` in 40 bytes.
 */
export type ExchangeRequest =
  | ({
      readonly kind: 'blob'
      readonly repository: RepositoryId
      readonly digest: Digest
    } & ByteRange)
  | { readonly kind: 'object'; readonly repository: RepositoryId; readonly digest: Digest }
  | {
      readonly kind: 'manifest'
      readonly repository: RepositoryId
      /** SHA-256 of the manifest that is here already. */
      readonly unless?: Digest | undefined
    }
  | { readonly kind: 'root'; readonly repository: RepositoryId; readonly number: number }
  | {
      readonly kind: 'log'
      readonly repository: RepositoryId
      readonly tile: string
      /** Byte to begin with, for a tile begins with what it was when it was narrower. @defaultValue 0 */
      readonly from?: number | undefined
    }
  | ({ readonly kind: 'proxied'; readonly repository: RepositoryId } & ProxiedQuery)

/** What the DHT can be asked for: a project directory, or a whole repository. */
export interface ProviderSubject {
  readonly repository: RepositoryId
  /** Project directory such as `org/clojure/clojure`; undefined means the whole repository. */
  readonly project: string | undefined
}

/** What a node holds of a repository, as it tells its peers. */
export interface Holdings {
  /** Every blob of the index up to this head is here; undefined for a cache. */
  readonly completeToSeq: number | undefined
  /** The blobs that came since, for newer heads. @defaultValue none */
  readonly since?: Iterable<Digest>
  /** The blobs here, in no order. Need not be iterated when complete. */
  blobs(): AsyncIterable<Digest>
}

/** The network as the mirror sees it. Errors of one peer reject with a class of `errors.ts`. */
export interface Swarm {
  readonly peerId: PeerName
  /** Full multiaddrs with the peer id, empty before start. */
  listenAddresses(): readonly string[]
  peers(): readonly PeerStatus[]
  /** Milliseconds of a question and its answer, lately; undefined for a peer that was never measured. */
  roundTripMs(peer: PeerName): number | undefined
  /**
   * Connected peers that claim a blob, nearest first, each once; banned ones left out.
   * A claim is a hint: the peer may answer that it lacks the blob.
   *
   * @param leastSeq of those that hold everything up to some head, only those that mean this one or a newer one.
   * @defaultValue any
   */
  claimants(repository: RepositoryId, digest: Digest, leastSeq?: number): readonly PeerName[]
  /** Connected peers that follow a repository, nearest first, and last those that sent wrong bytes lately. */
  followers(repository: RepositoryId): readonly PeerName[]
  /**
   * Look in the DHT, connect to whom it names, and yield each once connected. Ends when the lookup ends.
   */
  findProviders(subject: ProviderSubject, options: AbortOptions): AsyncIterable<PeerName>
  /**
   * Tell the DHT that this node has something of projects, or, as undefined, all of a repository. Goes on for as long as the
   * result is iterated, in an order of its own; yields each that was told. Does nothing when sharing forbids it.
   *
   * @throws {SourceUnavailableError} when nobody can be told: no server is known, or nobody could dial this node
   */
  provide(
    repository: RepositoryId,
    projects: Iterable<string | undefined>,
    options: AbortOptions,
  ): AsyncIterable<string | undefined>
  /**
   * Ask one peer, which is connected to when it is not and its address is known: a donor's is, by its notice.
   * Bytes are as sent: the caller verifies them.
   *
   * @throws {NotHeldError} the peer does not have it
   * @throws {TruncatedError} it sent less than it announced, or less than asked
   * @throws {SourceUnavailableError} it cannot be reached, is silent, or breaks the protocol
   */
  request(peer: PeerName, request: ExchangeRequest, options: AbortOptions): Promise<Uint8Array>
  /** Push a root manifest that was just accepted to everyone who follows the repository. */
  gossipManifest(repository: RepositoryId, manifest: Uint8Array): Promise<void>
  /**
   * Keep connected to some of the peers that a repository's signed root names, from now on or from `start` on.
   *
   * @param addresses full multiaddrs; they take the place of those that the repository named before
   */
  keepConnected(repository: RepositoryId, addresses: readonly string[]): void
  /**
   * What is told of this node's donation to a repository from now on; undefined for none. Does nothing when sharing
   * forbids it.
   */
  donate(repository: RepositoryId, donation: Donation | undefined): void
  /** Those who donate space to a repository, each once, in no order: without this node, and without banned ones. */
  donors(repository: RepositoryId): readonly Donor[]
  /** Be told when `donors` of a repository may differ from before; returns the unsubscribe function. */
  onDonorsChange(listener: (repository: RepositoryId) => void): () => void
  /**
   * Say whether a donor was found to hold what it claims. Those that were not yet, or no longer, have little room
   * among the donors: names are cheap to make.
   */
  proveDonor(repository: RepositoryId, peer: PeerName, proven: boolean): void
  /** Say that `peer` sent bytes that fail their digest. Repeated offences ban it locally. */
  reportWrongBytes(peer: PeerName): void
  /** Payload bytes of the exchange since start. */
  transferred(): { readonly receivedBytes: number; readonly sentBytes: number }
  start(): Promise<void>
  stop(): Promise<void>
}

export type ManifestVerdict = 'accept' | 'ignore' | 'reject'

/** What the network asks of the node. Implemented by the mirror; each read returns undefined for "not here". */
export interface SwarmContent {
  repositories(): readonly RepositoryId[]
  /** Part of a blob of the repository; of no other, though the store may hold it. */
  readBlob(
    repository: RepositoryId,
    digest: Digest,
    range: ByteRange,
  ): Promise<Uint8Array | undefined>
  readObject(repository: RepositoryId, digest: Digest): Promise<Uint8Array | undefined>
  readManifest(repository: RepositoryId): Uint8Array | undefined
  readRoot(repository: RepositoryId, number: number): Uint8Array | undefined
  readLogTile(repository: RepositoryId, tile: string): Promise<Uint8Array | undefined>
  holdings(repository: RepositoryId): Holdings
  /** Called by the swarm to learn of changes to `holdings`; returns the unsubscribe function. */
  onHoldingsChange(listener: (change: HoldingsChange) => void): () => void
  /**
   * Whether a DHT key belongs to the closed set that the index defines.
   *
   * @param keyHex SHA-256 as in `providerKey`, 64 lower-case hex characters
   * @returns undefined while the index is not complete enough to say
   */
  knowsProviderKey(repository: RepositoryId, keyHex: string): Promise<boolean | undefined>
  /** Judge a root manifest that `peer` pushed: newer and valid, known already, or bad. */
  offerManifest(
    repository: RepositoryId,
    manifest: Uint8Array,
    peer: PeerName,
  ): Promise<ManifestVerdict>
  /** A peer that follows one of our repositories connected and has been greeted. */
  peerJoined(peer: PeerName): void
}

/** When `completeToSeq` is another than before, `holdings` says the rest, `added` and `removed` included. */
export interface HoldingsChange {
  readonly repository: RepositoryId
  readonly added: readonly Digest[]
  readonly removed: readonly Digest[]
  readonly completeToSeq: number | undefined
}
