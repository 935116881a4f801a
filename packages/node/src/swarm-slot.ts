import type { Digest } from '@jarswarm/manifest'
import type {
  AbortOptions,
  Donation,
  Donor,
  ExchangeRequest,
  PeerName,
  PeerStatus,
  ProviderSubject,
  Swarm,
} from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { OfflineSwarm } from './offline-swarm.ts'

/**
 * The place where a node's swarm is, so that it can be replaced: a swarm is made for a set of repositories, and
 * joining another one makes a new swarm. Whoever holds the slot never notices; until it is filled, it is offline.
 */
export class SwarmSlot implements Swarm {
  #current: Swarm = new OfflineSwarm()
  /** What repositories asked for, for the next swarm to know. */
  readonly #kept = new Map<RepositoryId, readonly string[]>()
  readonly #donations = new Map<RepositoryId, Donation | undefined>()
  readonly #donorListeners = new Set<(repository: RepositoryId) => void>()
  #unsubscribe: (() => void) | undefined

  /** Takes over a swarm. Whoever fills the slot starts and stops what is in it. */
  fill(swarm: Swarm): void {
    this.#unsubscribe?.()
    this.#current = swarm
    for (const [repository, addresses] of this.#kept) swarm.keepConnected(repository, addresses)
    for (const [repository, donation] of this.#donations) swarm.donate(repository, donation)
    this.#unsubscribe = swarm.onDonorsChange((repository) => {
      for (const listener of this.#donorListeners) listener(repository)
    })
  }

  get peerId(): PeerName {
    return this.#current.peerId
  }

  listenAddresses(): readonly string[] {
    return this.#current.listenAddresses()
  }

  peers(): readonly PeerStatus[] {
    return this.#current.peers()
  }

  roundTripMs(peer: PeerName): number | undefined {
    return this.#current.roundTripMs(peer)
  }

  claimants(repository: RepositoryId, digest: Digest, leastSeq?: number): readonly PeerName[] {
    return this.#current.claimants(repository, digest, leastSeq)
  }

  followers(repository: RepositoryId): readonly PeerName[] {
    return this.#current.followers(repository)
  }

  findProviders(subject: ProviderSubject, options: AbortOptions): AsyncIterable<PeerName> {
    return this.#current.findProviders(subject, options)
  }

  provide(
    repository: RepositoryId,
    projects: Iterable<string | undefined>,
    options: AbortOptions,
  ): AsyncIterable<string | undefined> {
    return this.#current.provide(repository, projects, options)
  }

  request(peer: PeerName, request: ExchangeRequest, options: AbortOptions): Promise<Uint8Array> {
    return this.#current.request(peer, request, options)
  }

  gossipManifest(repository: RepositoryId, manifest: Uint8Array): Promise<void> {
    return this.#current.gossipManifest(repository, manifest)
  }

  keepConnected(repository: RepositoryId, addresses: readonly string[]): void {
    this.#kept.set(repository, addresses)
    this.#current.keepConnected(repository, addresses)
  }

  donate(repository: RepositoryId, donation: Donation | undefined): void {
    this.#donations.set(repository, donation)
    this.#current.donate(repository, donation)
  }

  donors(repository: RepositoryId): readonly Donor[] {
    return this.#current.donors(repository)
  }

  onDonorsChange(listener: (repository: RepositoryId) => void): () => void {
    this.#donorListeners.add(listener)
    return () => this.#donorListeners.delete(listener)
  }

  proveDonor(repository: RepositoryId, peer: PeerName, proven: boolean): void {
    this.#current.proveDonor(repository, peer, proven)
  }

  reportWrongBytes(peer: PeerName): void {
    this.#current.reportWrongBytes(peer)
  }

  transferred(): { readonly receivedBytes: number; readonly sentBytes: number } {
    return this.#current.transferred()
  }

  start(): Promise<void> {
    return this.#current.start()
  }

  stop(): Promise<void> {
    return this.#current.stop()
  }
}
