import type { ConnectionGater, MultiaddrConnection, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { localHost, publicRange } from './addresses.ts'
import { Handshakes } from './handshakes.ts'
import {
  MAX_CONNECTIONS_OF_PEER,
  MAX_PENDING_OF_ORIGIN,
  MAX_SHARE_OF_LOCAL_ADDRESS,
  MAX_SHARE_OF_RANGE,
} from './limits.ts'

export interface ConnectionGateComponents {
  /** Whether a peer, by its name, is refused altogether. */
  readonly isBanned: (peer: string) => boolean
  /** Where the open connections lead to. */
  readonly remoteAddresses: () => readonly Multiaddr[]
  /** How many connections a peer has. */
  readonly connectionsOf: (peer: PeerId) => number
}

/**
 * Who is let in: no banned peer, no more connections than their share from one public range or one local machine, and no
 * more handshakes, so that nobody fills all places from one rented network or one laptop.
 */
export function connectionGate(
  { isBanned, remoteAddresses, connectionsOf }: ConnectionGateComponents,
  init: { readonly maxConnections: number },
): ConnectionGater {
  const handshakes = new Handshakes()
  const refusesPeer = (peer: PeerId): boolean => isBanned(peer.toString())
  const placesOf = (share: number): number => Math.max(1, Math.floor(init.maxConnections * share))
  const isFull = (origin: string, isLocal: boolean): boolean => {
    const places = placesOf(isLocal ? MAX_SHARE_OF_LOCAL_ADDRESS : MAX_SHARE_OF_RANGE)
    return remoteAddresses().filter((address) => originOf(address) === origin).length >= places
  }
  return {
    denyDialPeer: refusesPeer,
    denyInboundEncryptedConnection: refusesPeer,
    denyInboundConnection(connection: MultiaddrConnection): boolean {
      const { remoteAddr } = connection
      const origin = originOf(remoteAddr)
      if (origin === undefined) return false
      if (isFull(origin, publicRange(remoteAddr) === undefined)) return true
      if (handshakes.from(origin) >= MAX_PENDING_OF_ORIGIN) return true
      handshakes.begin(connection, origin)
      return false
    },
    denyInboundUpgradedConnection(peer: PeerId, connection: MultiaddrConnection): boolean {
      handshakes.end(connection)
      return connectionsOf(peer) >= MAX_CONNECTIONS_OF_PEER
    },
  }
}

/** What connections are counted by; undefined when an address is none of the internet. */
function originOf(address: Multiaddr): string | undefined {
  return publicRange(address) ?? localHost(address)
}
