import type { Libp2p, PeerId, PeerInfo } from '@libp2p/interface'
import type { Clock, Logger } from '@jarswarm/ports'
import { multiaddr } from '@multiformats/multiaddr'
import { MAX_NAMED_PEERS, MAX_REDIALS } from './limits.ts'
import { EXCHANGE_PROTOCOL } from './protocols.ts'
import { Reconnector } from './reconnector.ts'
import type { RepositoryId } from '@jarswarm/trust'
import { DIAL_TIMEOUT_MS } from './pace.ts'

export interface RediallerComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly libp2p: Libp2p
  readonly random: () => number
}

export interface RediallerInit {
  /** Multiaddrs that are kept connected. */
  readonly bootstrap: readonly string[]
  /** Multiaddrs that are tried once at start. */
  readonly knownPeers: readonly string[]
}

/** Brings the node into the swarm: bootstrap peers for good, peers known from before once. */
export class Redialler {
  readonly #components: RediallerComponents
  readonly #knownPeers: readonly string[]
  readonly #reconnectors: readonly Reconnector[]
  /** By the repository that names them, and by address. */
  readonly #named = new Map<RepositoryId, ReadonlyMap<string, Reconnector>>()
  #started = false

  constructor(components: RediallerComponents, init: RediallerInit) {
    this.#components = components
    this.#knownPeers = init.knownPeers
    this.#reconnectors = init.bootstrap.map((address) => new Reconnector(components, address))
  }

  async start(): Promise<void> {
    this.#started = true
    for (const reconnector of this.#all()) reconnector.start()
    for (const address of this.#knownPeers) void this.#attempt(multiaddr(address))
    for (const peer of await this.#recent()) void this.#attempt(peer)
  }

  stop(): void {
    this.#started = false
    for (const reconnector of this.#all()) reconnector.stop()
  }

  /** Keep some of these peers connected, and those no more that the repository named before. */
  keep(repository: RepositoryId, addresses: readonly string[]): void {
    const before = this.#named.get(repository) ?? new Map<string, Reconnector>()
    const kept = new Map<string, Reconnector>()
    for (const address of this.#choose(addresses, before)) {
      kept.set(address, before.get(address) ?? new Reconnector(this.#components, address))
    }
    this.#named.set(repository, kept)
    for (const [address, reconnector] of before) if (!kept.has(address)) reconnector.stop()
    if (!this.#started) return
    for (const [address, reconnector] of kept) if (!before.has(address)) reconnector.start()
  }

  /** Dial a peer once; failures are of no consequence, for anybody on the network may have named it. */
  async dial(peer: PeerInfo): Promise<void> {
    const { libp2p, logger } = this.#components
    try {
      await libp2p.peerStore.merge(peer.id, { multiaddrs: peer.multiaddrs })
    } catch (error) {
      logger.debug({ error }, 'a peer of the local network cannot be noted')
      return
    }
    await this.#attempt(peer.id)
  }

  /** Those that are kept already stay; so that no peer gets all nodes, chance decides about the others. */
  #choose(addresses: readonly string[], before: ReadonlyMap<string, unknown>): readonly string[] {
    const { libp2p, random } = this.#components
    const own = `/p2p/${libp2p.peerId.toString()}`
    return [...new Set(addresses)]
      .filter((address) => !address.endsWith(own))
      .map((address) => ({ address, rank: before.has(address) ? -1 : random() }))
      .toSorted((one, other) => one.rank - other.rank)
      .slice(0, MAX_NAMED_PEERS)
      .map(({ address }) => address)
  }

  *#all(): Generator<Reconnector> {
    yield* this.#reconnectors
    for (const kept of this.#named.values()) yield* kept.values()
  }

  /** A few peers of earlier runs, at random: the store forgets them after two days. */
  async #recent(): Promise<readonly PeerId[]> {
    const { libp2p, random } = this.#components
    const peers = await libp2p.peerStore.all()
    return peers
      .filter(
        ({ id, protocols }) => !id.equals(libp2p.peerId) && protocols.includes(EXCHANGE_PROTOCOL),
      )
      .map(({ id }) => ({ id, rank: random() }))
      .sort((one, other) => one.rank - other.rank)
      .slice(0, MAX_REDIALS)
      .map(({ id }) => id)
  }

  async #attempt(target: Parameters<Libp2p['dial']>[0]): Promise<void> {
    try {
      await this.#components.libp2p.dial(target, { signal: AbortSignal.timeout(DIAL_TIMEOUT_MS) })
    } catch (error) {
      this.#components.logger.debug({ error }, 'a known peer cannot be reached')
    }
  }
}
