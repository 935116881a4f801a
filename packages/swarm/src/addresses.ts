import { addressRange } from '@jarswarm/ports'
import { isPrivate } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import type { Multiaddr } from '@multiformats/multiaddr'

/** Whether an address is on this machine or a private network; a name in DNS counts as public. */
export function isLocalAddress(address: Multiaddr): boolean {
  return hostOf(address) !== undefined && isPrivate(address)
}

/**
 * The range that an address belongs to, as a bound for what one operator can do: the /24 of IPv4, the /48 of
 * IPv6. Undefined for local addresses, which are not bounded: a LAN or a test has one range.
 */
export function publicRange(address: Multiaddr): string | undefined {
  const host = hostOf(address)
  if (host === undefined || isPrivate(address)) return undefined
  return addressRange(host)
}

/** The machine on this one's own network that an address belongs to; undefined for public ones. */
export function localHost(address: Multiaddr): string | undefined {
  return isLocalAddress(address) ? hostOf(address) : undefined
}

/** Whether all of some addresses, of which there is at least one, are local. */
export function areLocal(addresses: readonly string[]): boolean {
  return addresses.length > 0 && addresses.every((text) => isLocalAddress(multiaddr(text)))
}

function hostOf(address: Multiaddr): string | undefined {
  return address.getComponents().find(({ name }) => name === 'ip4' || name === 'ip6')?.value
}
