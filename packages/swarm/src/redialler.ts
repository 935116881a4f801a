import type { Libp2p, PeerId, PeerInfo } from '@libp2p/interface'
import type { Clock, Logger } from '@jarswarm/ports'
import { multiaddr } from '@multiformats/multiaddr'
import { DIAL_TIMEOUT_MS, MAX_REDIALS } from './limits.ts'
import { EXCHANGE_PROTOCOL } from './protocols.ts'
import { Reconnector } from './reconnector.ts'

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

  constructor(components: RediallerComponents, init: RediallerInit) {
    this.#components = components
    this.#knownPeers = init.knownPeers
    this.#reconnectors = init.bootstrap.map((address) => new Reconnector(components, address))
  }

  async start(): Promise<void> {
    for (const reconnector of this.#reconnectors) reconnector.start()
    for (const address of this.#knownPeers) void this.#attempt(multiaddr(address))
    for (const peer of await this.#recent()) void this.#attempt(peer)
  }

  stop(): void {
    for (const reconnector of this.#reconnectors) reconnector.stop()
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
