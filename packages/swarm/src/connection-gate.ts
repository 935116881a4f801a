import type { ConnectionGater, MultiaddrConnection, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { publicRange } from './addresses.ts'
import { MAX_SHARE_OF_RANGE } from './limits.ts'

export interface ConnectionGateComponents {
  /** Whether a peer, by its name, is refused altogether. */
  readonly isBanned: (peer: string) => boolean
  /** Where the open connections lead to. */
  readonly remoteAddresses: () => readonly Multiaddr[]
}

/**
 * Who is let in: no banned peer, and no more from one public address range than its share, so that nobody fills all
 * places from one rented network. Local addresses have no range, and so no bound but the whole.
 */
export function connectionGate(
  { isBanned, remoteAddresses }: ConnectionGateComponents,
  init: { readonly maxConnections: number },
): ConnectionGater {
  const maxOfRange = Math.max(1, Math.floor(init.maxConnections * MAX_SHARE_OF_RANGE))
  const refusesPeer = (peer: PeerId): boolean => isBanned(peer.toString())
  return {
    denyDialPeer: refusesPeer,
    denyInboundEncryptedConnection: refusesPeer,
    denyInboundConnection({ remoteAddr }: MultiaddrConnection): boolean {
      const range = publicRange(remoteAddr)
      if (range === undefined) return false
      const present = remoteAddresses().filter((address) => publicRange(address) === range)
      return present.length >= maxOfRange
    },
  }
}
