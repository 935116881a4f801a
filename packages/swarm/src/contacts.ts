import type { Libp2p, PeerId, PeerInfo, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Clock, Logger, PeerName } from '@jarswarm/ports'
import type { Multiaddr } from '@multiformats/multiaddr'
import { isLocalAddress, publicRange } from './addresses.ts'
import type { BanList } from './ban-list.ts'
import { isDialable, noticeAddresses } from './donors/notice-addresses.ts'
import { DIAL_TIMEOUT_MS, HELLO_TIMEOUT_MS } from './pace.ts'
import type { PeerBook } from './peer-book.ts'
import { EXCHANGE_PROTOCOL } from './protocols.ts'
import { scopedSignal } from './scoped-signal.ts'

const GREETED_POLL_MS = 10

export interface ContactsComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly libp2p: Libp2p
  readonly book: PeerBook
  readonly bans: BanList
}

/** How others are reached, and whether we can be. */
export class Contacts {
  readonly #components: ContactsComponents
  readonly #network: 'public' | 'private'

  constructor(components: ContactsComponents, init: { readonly network: 'public' | 'private' }) {
    this.#components = components
    this.#network = init.network
  }

  /**
   * Open an exchange stream, over a new connection when there is none.
   *
   * @param addresses where else the peer may be reached than is known
   */
  async openStream(peer: PeerName, addresses: readonly Multiaddr[]): Promise<Stream> {
    const { libp2p } = this.#components
    const id = peerIdFromString(peer)
    const multiaddrs = addresses.filter((address) => isDialable(address, this.#network))
    if (multiaddrs.length > 0 && libp2p.getConnections(id).length === 0) {
      await libp2p.peerStore.merge(id, { multiaddrs })
    }
    return libp2p.dialProtocol(id, EXCHANGE_PROTOCOL, {
      signal: AbortSignal.timeout(DIAL_TIMEOUT_MS),
    })
  }

  /** Connect to a peer that the DHT named, and wait until it has been greeted; false when that fails. */
  async join(peer: PeerInfo, signal: AbortSignal): Promise<boolean> {
    const { clock, libp2p, bans, logger } = this.#components
    const name = peer.id.toString()
    if (bans.isAvoided(name)) return false
    if (this.#isGreeted(name)) return true
    const deadline = scopedSignal(clock, DIAL_TIMEOUT_MS, [signal])
    try {
      await libp2p.peerStore.merge(peer.id, { multiaddrs: peer.multiaddrs })
      await libp2p.dial(peer.id, { signal: deadline.signal })
      await this.#greeted(name, signal)
    } catch (error) {
      signal.throwIfAborted()
      logger.debug({ peer: name, error }, 'a provider cannot be reached')
    } finally {
      deadline.release()
    }
    return this.#isGreeted(name)
  }

  /** Disconnect a peer. */
  hangUp(peer: PeerName): void {
    const { libp2p, logger } = this.#components
    void libp2p.hangUp(peerIdFromString(peer)).catch((error: unknown) => {
      logger.debug({ peer, error }, 'a peer could not be disconnected')
    })
  }

  /** Where others reach this node, as a notice has it. */
  ownAddresses(): readonly Multiaddr[] {
    return noticeAddresses(this.#components.libp2p.getMultiaddrs(), this.#network)
  }

  /** A public network needs a proven public address; a private one takes what there is. */
  isDialable(): boolean {
    const addresses = this.#components.libp2p.getMultiaddrs()
    return this.#network === 'private'
      ? addresses.length > 0
      : addresses.some((address) => !isLocalAddress(address))
  }

  /** The public address range a peer is connected from; undefined for local and unconnected ones. */
  rangeOf(peer: PeerName): string | undefined {
    return this.connectedFrom(peer)?.range
  }

  /** The same for a connected peer, and undefined for another one. */
  connectedFrom(peer: PeerName): { readonly range: string | undefined } | undefined {
    const [connection] = this.#components.libp2p.getConnections(peerIdFromString(peer))
    return connection === undefined ? undefined : { range: publicRange(connection.remoteAddr) }
  }

  /** Whether any address of a peer is known. */
  async hasAddresses(peer: PeerId): Promise<boolean> {
    const { libp2p, logger } = this.#components
    try {
      const { addresses } = await libp2p.peerStore.get(peer)
      return addresses.length > 0
    } catch (error) {
      logger.debug({ peer: peer.toString(), error }, 'a provider is no longer known')
      return false
    }
  }

  #isGreeted(peer: PeerName): boolean {
    return this.#components.book.get(peer)?.greeted === true
  }

  /** The connection is there before the peer is identified and greeted. */
  async #greeted(peer: PeerName, signal: AbortSignal): Promise<void> {
    const { clock } = this.#components
    const untilMs = clock.monotonicMs() + HELLO_TIMEOUT_MS
    while (!this.#isGreeted(peer) && clock.monotonicMs() < untilMs) {
      signal.throwIfAborted()
      await new Promise<void>((resolve) => clock.setTimer(resolve, GREETED_POLL_MS))
    }
  }
}
