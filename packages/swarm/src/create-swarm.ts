import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey, PeerId } from '@libp2p/interface'
import type { Clock, LanContent, Logger, Swarm, SwarmContent } from '@jarswarm/ports'
import { multiaddr } from '@multiformats/multiaddr'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { LevelDatastore } from 'datastore-level'
import { areLocal } from './addresses.ts'
import { BanList } from './ban-list.ts'
import { connectionGate } from './connection-gate.ts'
import { createLibp2pNode } from './libp2p-node.ts'
import type { Libp2pNode } from './libp2p-node.ts'
import { Libp2pSwarm } from './libp2p-swarm.ts'
import {
  DEFAULT_LIMITS,
  MAX_BOOTSTRAP_CONNECTIONS,
  MAX_DIALS,
  MAX_OPEN_PEER_TABLES,
  MAX_PENDING_INBOUND,
} from './limits.ts'
import type { SwarmLimits } from './limits.ts'
import { openPeerDatastore } from './peer-datastore.ts'
import { loadPeerKey } from './peer-key.ts'
import type { SharePolicy } from './sharing.ts'

export interface SwarmComponents {
  readonly content: SwarmContent
  /** What local peers may have besides. @defaultValue nothing */
  readonly lan?: LanContent
  readonly clock: Clock
  readonly logger: Logger
  /** A number in [0, 1). @defaultValue `Math.random` */
  readonly random?: () => number
}

export interface SwarmInit {
  /** Keeps `peer.key` and the known peers; made when absent. Without one, all is forgotten at the end. */
  readonly directory?: string
  /** Multiaddrs to listen on; none for a node that only dials. */
  readonly listen: readonly string[]
  /** Multiaddrs under which others reach this node, when they differ from where it listens. */
  readonly announce?: readonly string[]
  /** Multiaddrs with peer id that are kept connected. */
  readonly bootstrap?: readonly string[]
  /** Multiaddrs that are tried once at start, beside the peers that the directory remembers. */
  readonly knownPeers?: readonly string[]
  /** Look for peers on the LAN. @defaultValue false */
  readonly mdns?: boolean
  /** @defaultValue `all` */
  readonly share?: SharePolicy
  /** @defaultValue `node` */
  readonly role?: 'node' | 'bootstrap'
  /**
   * A private network takes its own addresses as dialable. @defaultValue `private` when all addresses given
   * to listen on, or all bootstrap addresses, are local
   */
  readonly network?: 'public' | 'private'
  /**
   * Whether to answer queries of the DHT. @defaultValue servers are bootstrap nodes, nodes of a private
   * network, and those that prove a public address
   */
  readonly dht?: 'server' | 'client'
  /** Tell peers what this node holds on connection; without it only the DHT tells. @defaultValue true */
  readonly summaries?: boolean
  readonly limits?: Partial<SwarmLimits>
}

/**
 * Make a node of the swarm for the repositories that `content` follows. It opens its datastore here, and
 * sockets at `start()`; `stop()` closes both, and it cannot be started again.
 *
 * @throws {SyntaxError} when an address is none, or the directory's peer key is unreadable
 */
export async function createSwarm(components: SwarmComponents, init: SwarmInit): Promise<Swarm> {
  const { clock, logger, content, random = Math.random } = components
  checkAddresses([...init.listen, ...(init.announce ?? [])])
  const bootstrap = usablePeers(init.bootstrap ?? [], logger)
  const knownPeers = usablePeers(init.knownPeers ?? [], logger)
  const role = init.role ?? 'node'
  const network = init.network ?? guessNetwork({ ...init, bootstrap })
  const limits = limitsFor(role, init.limits)
  const { privateKey, datastore } = await openDirectory(init.directory, logger)
  const bans = new BanList({ clock, logger, datastore })
  const isBanned = (peer: string): boolean => bans.isBanned(peer)
  const remoteAddresses = (): readonly Multiaddr[] =>
    node.libp2p.getConnections().map(({ remoteAddr }) => remoteAddr)
  const connectionsOf = (peer: PeerId): number => node.libp2p.getConnections(peer).length
  const node: Libp2pNode = await orClose(
    datastore,
    createLibp2pNode({
      privateKey,
      datastore,
      limits,
      network,
      repositories: content.repositories(),
      listen: init.listen,
      announce: init.announce ?? [],
      mdns: init.mdns ?? false,
      dhtServer: dhtServer(init.dht, role, network),
      gater: connectionGate({ isBanned, remoteAddresses, connectionsOf }, limits),
    }),
  )
  return new Libp2pSwarm(
    { clock, logger, content, lan: components.lan, random, node, key: privateKey, bans, datastore },
    {
      role,
      network,
      limits,
      share: init.share ?? 'all',
      summaries: init.summaries ?? true,
      bootstrap,
      knownPeers,
    },
  )
}

/** File handles that a swarm may come to hold: sockets, and tables of known peers. */
export function swarmHandles(role: 'node' | 'bootstrap', limits?: Partial<SwarmLimits>): number {
  const { maxConnections } = limitsFor(role, limits)
  return maxConnections + MAX_PENDING_INBOUND + MAX_DIALS + MAX_OPEN_PEER_TABLES
}

function checkAddresses(addresses: readonly string[]): void {
  for (const text of addresses) {
    try {
      multiaddr(text)
    } catch (cause) {
      const wanted = 'a multiaddr such as /ip4/192.0.2.1/tcp/4870'
      throw new SyntaxError(`Cannot use an address: found ${text}, wanted ${wanted}`, { cause })
    }
  }
}

/**
 * Those that can be dialled. Such addresses come from links that somebody else wrote, and are kept: a bad one costs
 * itself, not the node's every start.
 */
function usablePeers(addresses: readonly string[], logger: Logger): readonly string[] {
  return addresses.filter((address) => {
    // Without the id a dial cannot tell that the peer is connected already, and connects again.
    const isUsable = address.includes('/p2p/') && isMultiaddr(address)
    if (!isUsable) {
      const wanted = '/ip4/192.0.2.1/tcp/4870/p2p/ and a peer id'
      logger.warn({ address }, `Cannot use a peer's address: it is left out, ${wanted} is wanted`)
    }
    return isUsable
  })
}

function isMultiaddr(text: string): boolean {
  try {
    multiaddr(text)
    return true
  } catch {
    return false
  }
}

function guessNetwork(init: SwarmInit): 'public' | 'private' {
  const wildcard = /\/ip[46]\/(?:0\.0\.0\.0|::)\//
  const bound = init.listen.filter((address) => !wildcard.test(address))
  const isPrivate = areLocal(bound) || areLocal(init.bootstrap ?? [])
  return isPrivate && (init.announce ?? []).length === 0 ? 'private' : 'public'
}

/** The bounds of a role, but for those that are given. */
export function limitsFor(
  role: 'node' | 'bootstrap',
  given: Partial<SwarmLimits> = {},
): SwarmLimits {
  const connections = role === 'bootstrap' ? { maxConnections: MAX_BOOTSTRAP_CONNECTIONS } : {}
  return { ...DEFAULT_LIMITS, ...connections, ...given }
}

function dhtServer(
  given: 'server' | 'client' | undefined,
  role: 'node' | 'bootstrap',
  network: 'public' | 'private',
): boolean | undefined {
  if (given !== undefined) return given === 'server'
  return role === 'bootstrap' || network === 'private' ? true : undefined
}

async function openDirectory(
  directory: string | undefined,
  logger: Logger,
): Promise<{
  readonly privateKey: Ed25519PrivateKey
  readonly datastore: LevelDatastore | undefined
}> {
  if (directory === undefined) {
    return { privateKey: await generateKeyPair('Ed25519'), datastore: undefined }
  }
  const datastore = await openPeerDatastore(directory, logger)
  const privateKey = await orClose(datastore, loadPeerKey(directory))
  return { privateKey, datastore }
}

/** A datastore that no node took over would keep its directory locked. */
async function orClose<T>(datastore: LevelDatastore | undefined, made: Promise<T>): Promise<T> {
  try {
    return await made
  } catch (error) {
    await datastore?.close()
    throw error
  }
}
