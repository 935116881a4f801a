/** A link stays short enough to paste, and a newcomer needs no more. */
const PEERS_OF_OWN_LINK = 8

const LOOPBACK = /^\/(?:ip4\/127\.|ip6\/::1\/)/

/**
 * The peers to name in a swarm link: where this node listens, addresses that others can reach first, then those
 * it knows itself.
 */
export function linkPeers(
  own: readonly string[],
  known: readonly string[] = [],
): readonly string[] {
  const far = own.filter((address) => !LOOPBACK.test(address))
  const near = own.filter((address) => LOOPBACK.test(address))
  return [...new Set([...far, ...near, ...known])].slice(0, PEERS_OF_OWN_LINK)
}
