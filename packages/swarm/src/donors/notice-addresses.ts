/**
 * Addresses as a notice has them:
 *
 * offset  size  field
 *      0     1  number of addresses, at most 4
 *      1        each: length u8, and a multiaddr in bytes: ip4, ip6, dns, dns4 or dns6, then tcp
 */
import { isLoopback } from '@libp2p/utils'
import { CODE_P2P, multiaddr } from '@multiformats/multiaddr'
import type { Multiaddr } from '@multiformats/multiaddr'
import { isLocalAddress } from '../addresses.ts'
import { MAX_NOTICE_ADDRESSES } from './limits.ts'

/** Four of these fit into a notice. */
const MAX_OWN_ADDRESS_BYTES = 89
const HOSTS: ReadonlySet<string> = new Set(['ip4', 'ip6', 'dns', 'dns4', 'dns6'])

/**
 * Of a node's own addresses those to put into its notice, public ones first, loopback last; none that others could
 * not reach.
 */
export function noticeAddresses(
  own: readonly Multiaddr[],
  network: 'public' | 'private',
): readonly Multiaddr[] {
  const usable = own
    .map((address) => address.decapsulateCode(CODE_P2P))
    .filter(isNoticeAddress)
    .filter((address) => isDialable(address, network))
    .filter(({ bytes }) => bytes.length <= MAX_OWN_ADDRESS_BYTES)
  return [...new Map(usable.map((address) => [String(address), address])).values()]
    .toSorted((one, other) => farness(one) - farness(other))
    .slice(0, MAX_NOTICE_ADDRESSES)
}

/** On a public network nobody is made to knock at the doors of his own house. */
export function isDialable(address: Multiaddr, network: 'public' | 'private'): boolean {
  return network === 'private' || !isLocalAddress(address)
}

export function formatAddresses(addresses: readonly Multiaddr[]): Uint8Array {
  const parts = addresses.flatMap(({ bytes }) => [Buffer.of(bytes.length), bytes])
  return Buffer.concat([Buffer.of(addresses.length), ...parts])
}

/** @returns undefined when they are malformed or too many, or of a form that `formatAddresses` does not give */
export function parseAddresses(bytes: Uint8Array): readonly Multiaddr[] | undefined {
  const count = bytes[0]
  if (count === undefined || count > MAX_NOTICE_ADDRESSES) return undefined
  const addresses: Multiaddr[] = []
  let offset = 1
  for (let at = 0; at < count; at += 1) {
    const end = offset + 1 + (bytes[offset] ?? 0)
    const address = end > bytes.length ? undefined : parseAddress(bytes.subarray(offset + 1, end))
    if (address === undefined) return undefined
    addresses.push(address)
    offset = end
  }
  return offset === bytes.length ? addresses : undefined
}

function parseAddress(bytes: Uint8Array): Multiaddr | undefined {
  try {
    const address = multiaddr(bytes)
    // By way of its text: a name that is no text, or a number written long, has other bytes than this.
    const isCanonical = Buffer.compare(multiaddr(String(address)).bytes, bytes) === 0
    return isCanonical && isNoticeAddress(address) ? address : undefined
  } catch {
    // The library has many classes for what it cannot read: all of that is no address.
    return undefined
  }
}

/** Whether it is a host and a port, without a peer id or anything on the way. */
function isNoticeAddress(address: Multiaddr): boolean {
  const [host, port, ...rest] = address.getComponents()
  return HOSTS.has(host?.name ?? '') && port?.name === 'tcp' && rest.length === 0
}

function farness(address: Multiaddr): number {
  return Number(isLocalAddress(address)) + Number(isLoopback(address))
}
