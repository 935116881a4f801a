import type { RepositoryId } from '@jarswarm/trust'

/** The exchange of blobs, index nodes, manifests and summaries between two peers. */
export const EXCHANGE_PROTOCOL = '/jarswarm/exchange/1.0.0'

/** DNS-SD service under which nodes of one LAN find each other. */
export const MDNS_SERVICE = '_jarswarm._udp.local'

/** The DHT of one repository: the first 16 hex digits tell repositories apart well enough for a hint. */
export function kadProtocol(repository: RepositoryId): string {
  return `/jarswarm/${repository.slice(0, 16)}/kad/1.0.0`
}

/** The gossip topic on which root manifests of a repository travel. */
export function headTopic(repository: RepositoryId): string {
  return `/jarswarm/${repository}/head/1.0.0`
}
