import { MAX_PEER_ADDRESS_LENGTH } from './limits.ts'

const HOST =
  /^\/(?:ip4|ip6|dns|dns4|dns6|dnsaddr)\/[\x21-\x2e\x30-\x7e]+(?:\/[\x21-\x2e\x30-\x7e]+)*$/
const PEER = /\/p2p\/(?:[1-9A-HJ-NP-Za-km-z]{46,64}|[bk][a-z0-9]{50,80})$/

/**
 * Whether a text looks like the full multiaddr of a peer: `/ip4/192.0.2.1/tcp/4870/p2p/12D3Koo…`.
 *
 * Checks the form only; the network code parses it for good.
 */
export function isPeerAddress(text: string): boolean {
  return text.length <= MAX_PEER_ADDRESS_LENGTH && HOST.test(text) && PEER.test(text)
}
