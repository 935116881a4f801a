import { sha256 } from '@jarswarm/manifest'
import type { PeerId } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

const KEY_BITS = 256

/** Where a record stands in the DHT: the SHA-256 of its key, 64 hex characters. */
export function placeOfKey(cid: CID): string {
  return sha256(cid.multihash.bytes)
}

/** Where a server stands in the DHT. */
export function placeOfPeer(peer: PeerId): string {
  return sha256(peer.toMultihash().bytes)
}

/**
 * How many bits another key must have in common with one, for the servers closest to this one to be its closest, too.
 *
 * All servers that have one bit more in common with the key than the farthest of these are among these.
 *
 * @param servers places of the servers closest to `key`
 * @param options.areAll whether there are no others: then no bit need be the same
 */
export function regionBits(
  key: string,
  servers: readonly string[],
  { areAll }: { readonly areAll: boolean },
): number {
  if (areAll) return 0
  return Math.min(...servers.map((server) => commonBits(key, server))) + 1
}

/** Leading bits that two places have in common. */
export function commonBits(one: string, other: string): number {
  for (let at = 0; at < one.length; at += 1) {
    const differs = Number.parseInt(one.charAt(at), 16) ^ Number.parseInt(other.charAt(at), 16)
    if (differs !== 0) return at * 4 + Math.clz32(differs) - 28
  }
  return KEY_BITS
}
