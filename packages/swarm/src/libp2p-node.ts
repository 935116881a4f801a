import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import type { GossipSub } from '@libp2p/gossipsub'
import { identify, identifyPush } from '@libp2p/identify'
import type {
  ConnectionGater,
  Libp2p,
  PeerDiscovery,
  PeerInfo,
  PrivateKey,
} from '@libp2p/interface'
import { kadDHT, passthroughMapper, removePrivateAddressesMapper } from '@libp2p/kad-dht'
import type { KadDHT, KadDHTComponents, KadDHTInit } from '@libp2p/kad-dht'
import { mdns } from '@libp2p/mdns'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import type { RepositoryId } from '@jarswarm/trust'
import type { LevelDatastore } from 'datastore-level'
import { createLibp2p } from 'libp2p'
import type { Libp2pOptions, ServiceFactoryMap } from 'libp2p'
import { NO_VALUES } from './dht/no-values.ts'
import { headGossipService } from './head-gossip.ts'
import {
  MAX_DIALS,
  MAX_PENDING_INBOUND,
  MAX_STREAM_BUFFER_BYTES,
  MAX_STREAM_WINDOW_BYTES,
  MAX_STREAMS_PER_CONNECTION,
} from './limits.ts'
import type { SwarmLimits } from './limits.ts'
import { DIAL_TIMEOUT_MS, MAX_PEER_AGE_MS, PING_INTERVAL_MS, PING_TIMEOUT_MS } from './pace.ts'
import { kadProtocol, MDNS_SERVICE } from './protocols.ts'
import { wholeMessages } from './whole-messages.ts'

export interface Libp2pNodeInit {
  readonly privateKey: PrivateKey
  readonly datastore: LevelDatastore | undefined
  readonly repositories: readonly RepositoryId[]
  readonly listen: readonly string[]
  readonly announce: readonly string[]
  readonly mdns: boolean
  /** Private networks keep their private addresses in the DHT. */
  readonly network: 'public' | 'private'
  /** Whether to answer queries of the DHT; undefined leaves it to whether a public address is proven. */
  readonly dhtServer: boolean | undefined
  readonly limits: SwarmLimits
  readonly gater: ConnectionGater
}

/** A libp2p node with its services by repository; not yet started. */
export interface Libp2pNode {
  readonly libp2p: Libp2p
  readonly gossip: GossipSub
  readonly dhts: ReadonlyMap<RepositoryId, KadDHT>
  /** Be told of the peers that mDNS finds. */
  onLanPeer(listener: (peer: PeerInfo) => void): void
}

type Services = Record<string, unknown>

/** Put the libp2p node together; it opens no socket before its start. */
export async function createLibp2pNode(init: Libp2pNodeInit): Promise<Libp2pNode> {
  const services: ServiceFactoryMap<Services> = {
    identify: identify(),
    identifyPush: identifyPush(),
    ping: ping(),
    gossip: headGossipService(init.repositories),
  }
  for (const repository of init.repositories) {
    const createDht = kadDHT(kadInit(repository, init))
    // The type of a map of services does not tell kad-dht that `ping` is among them.
    services[dhtName(repository)] = (components) =>
      createDht(components as unknown as KadDHTComponents)
  }
  const lanListeners = new Set<(peer: PeerInfo) => void>()
  const discovery = lanDiscovery((peer) => {
    for (const listener of lanListeners) listener(peer)
  })
  const libp2p = await createLibp2p<Services>({
    ...baseOptions(init),
    peerDiscovery: init.mdns ? [discovery] : [],
    services,
    start: false,
  })
  const dhts = new Map<RepositoryId, KadDHT>()
  for (const repository of init.repositories) {
    dhts.set(repository, libp2p.services[dhtName(repository)] as KadDHT)
  }
  return {
    libp2p,
    gossip: libp2p.services['gossip'] as GossipSub,
    dhts,
    onLanPeer: (listener) => lanListeners.add(listener),
  }
}

function baseOptions(init: Libp2pNodeInit): Libp2pOptions<Services> {
  return {
    privateKey: init.privateKey,
    ...(init.datastore === undefined ? {} : { datastore: init.datastore }),
    addresses: { listen: [...init.listen], announce: [...init.announce] },
    transports: [tcp()],
    connectionEncrypters: [wholeMessages(noise())],
    streamMuxers: [
      yamux({
        keepAliveInterval: PING_INTERVAL_MS,
        maxInboundStreams: MAX_STREAMS_PER_CONNECTION,
        maxOutboundStreams: MAX_STREAMS_PER_CONNECTION,
        streamOptions: {
          // From the start: an answer is as large as the usual first window, which grows by round trips in whole
          // milliseconds, and so not at all on a fast network.
          initialStreamWindowSize: MAX_STREAM_WINDOW_BYTES,
          maxStreamWindowSize: MAX_STREAM_WINDOW_BYTES,
          maxReadBufferLength: MAX_STREAM_BUFFER_BYTES,
          maxWriteBufferLength: MAX_STREAM_BUFFER_BYTES,
        },
      }),
    ],
    connectionGater: init.gater,
    connectionManager: {
      maxConnections: init.limits.maxConnections,
      inboundConnectionThreshold: init.limits.inboundPerSecond,
      maxIncomingPendingConnections: MAX_PENDING_INBOUND,
      maxParallelDials: MAX_DIALS,
      dialTimeout: DIAL_TIMEOUT_MS,
      // Reconnecting is ours: only bootstrap and recently known peers are worth it.
      reconnectRetries: 0,
    },
    connectionMonitor: {
      pingInterval: PING_INTERVAL_MS,
      pingTimeout: { minTimeout: PING_TIMEOUT_MS },
    },
    peerStore: { maxAddressAge: MAX_PEER_AGE_MS, maxPeerAge: MAX_PEER_AGE_MS },
  }
}

function kadInit(repository: RepositoryId, init: Libp2pNodeInit): KadDHTInit {
  return {
    protocol: kadProtocol(repository),
    datastorePrefix: `/dht/${repository.slice(0, 16)}`,
    logPrefix: `libp2p:kad-dht:${repository.slice(0, 16)}`,
    ...(init.dhtServer === undefined ? {} : { clientMode: !init.dhtServer }),
    allowQueryWithZeroPeers: true,
    peerInfoMapper: init.network === 'private' ? passthroughMapper : removePrivateAddressesMapper,
    validators: NO_VALUES,
  }
}

function dhtName(repository: RepositoryId): string {
  return `dht-${repository}`
}

/** mDNS, which tells us of its peers beside telling libp2p: it stores their addresses but does not dial. */
function lanDiscovery(
  onPeer: (peer: PeerInfo) => void,
): (components: Parameters<ReturnType<typeof mdns>>[0]) => PeerDiscovery {
  return (components) => {
    const discovery = mdns({ serviceTag: MDNS_SERVICE })(components)
    discovery.addEventListener('peer', (event) => {
      onPeer(event.detail)
    })
    return discovery
  }
}
