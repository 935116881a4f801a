import type { LimitGroup, Limits } from '@jarswarm/ports'
import { PROVIDER_LIMITS, PROVIDES_PER_DAY } from './dht/limits.ts'
import { DONOR_LIMITS } from './donors/limits.ts'
import {
  HOLDINGS_DEBOUNCE_MS,
  NOTICE_DEBOUNCE_MS,
  NOTICE_INTERVAL_MS,
  NOTICE_PULL_MS,
} from './pace.ts'

/**
 * Every bound of the swarm in one place. What comes from outside is held to these before memory or time is
 * spent on it; what is ours is held to them so that neighbours can rely on it.
 */

const KIB = 1024
const MIB = 1024 * KIB
const SECOND_MS = 1_000

const CONNECTIONS = {
  MAX_CONNECTIONS: {
    value: 100,
    unit: 'connections of a node',
    why: 'enough for a well-meshed swarm; each costs about 100 KiB and a socket',
  },
  MAX_BOOTSTRAP_CONNECTIONS: {
    value: 300,
    unit: 'connections of a bootstrap node',
    why: 'it lives to be connected to',
  },
  MAX_SHARE_OF_RANGE: {
    value: 0.25,
    unit: 'share of all connections for one public /24 or /48',
    why: 'a flood from one place leaves three quarters to others',
  },
  MAX_SHARE_OF_LOCAL_ADDRESS: {
    value: 0.5,
    unit: 'share of all connections for one address of the local network',
    why: 'a flood from one machine leaves half to others; a test runs its whole swarm on one',
  },
  MAX_CONNECTIONS_OF_PEER: {
    value: 4,
    unit: 'connections of one peer',
    why: 'two that dial each other at once have two; the rest is room for a reconnect',
  },
  INBOUND_PER_SECOND: {
    value: 20,
    unit: 'new connections a second from one address',
    why: 'an office or a CI farm behind one address has many',
  },
  MAX_PENDING_INBOUND: {
    value: 64,
    unit: 'handshakes under way from strangers',
    why: 'each holds keys and buffers',
  },
  MAX_PENDING_OF_ORIGIN: {
    value: 24,
    unit: 'of these, from one public /24 or /48, or one local address',
    why: 'who connects and says nothing leaves room for others; twenty may come at once from one office',
  },
  MAX_DIALS: {
    value: 100,
    unit: 'dials under way',
    why: 'a lookup in the DHT makes many, and each takes a socket for 5 s at most',
  },
  MAX_KNOWN_PEERS: {
    value: 1_000,
    unit: 'peers remembered in memory, connected or not',
    why: 'names are cheap to make, and each costs its addresses',
  },
  MAX_REDIALS: {
    value: 16,
    unit: 'known peers dialled at start, besides the bootstrap peers',
    why: 'some will be gone, and a few are enough',
  },
  MAX_NAMED_PEERS: {
    value: 4,
    unit: "peers kept connected of those that one repository's root names, at random",
    why: 'two of them may be away',
  },
  MAX_OPEN_PEER_TABLES: {
    value: 80,
    unit: 'tables of known peers that are open at a time',
    why: 'the least that LevelDB takes, which holds to it; they are small',
  },
  MAX_STREAMS_PER_CONNECTION: {
    value: 64,
    unit: 'streams of one connection, each way',
    why: 'all protocols together use about ten; a stream may cost its buffers',
  },
  MAX_STREAM_WINDOW_BYTES: {
    value: MIB,
    unit: 'bytes under way on one stream',
    why: 'fills 100 Mbit/s over 80 ms',
  },
  MAX_STREAM_BUFFER_BYTES: {
    value: 4 * MIB,
    unit: 'bytes that a stream holds unread or unsent before it is cut',
    why: 'a peer that does not read must not fill memory',
  },
} satisfies Limits

const EXCHANGE = {
  MAX_FRAME_BYTES: {
    value: MIB + 64,
    unit: 'bytes of a frame',
    why: 'an object of 1 MiB and its head',
  },
  MAX_BLOB_BYTES: {
    value: 256 * KIB,
    unit: 'bytes of a blob in one answer',
    why: 'larger blobs come in pieces, from several peers',
  },
  MAX_OBJECT_BYTES: {
    value: MIB,
    unit: 'bytes of an index node or piece list in one answer',
    why: 'the format allows no more',
  },
  MAX_MANIFEST_BYTES: {
    value: 64 * KIB,
    unit: 'bytes of a root manifest in one answer',
    why: 'the format allows no more',
  },
  MAX_ROOT_BYTES: {
    value: 512_000,
    unit: 'bytes of a root in one answer',
    why: 'the format allows no more',
  },
  MAX_TILE_BYTES: {
    value: MIB,
    unit: 'bytes of a tile of the history in one answer',
    why: '256 lines, of which few are long',
  },
  MAX_TILE_NAME_BYTES: {
    value: 128,
    unit: 'bytes of the name of a tile of the history',
    why: 'the longest has 38',
  },
  MAX_PROXIED_PATH_BYTES: {
    value: KIB,
    unit: 'bytes of a path asked for among proxied repositories',
    why: 'as long as a repository path may be',
  },
  MAX_OPEN_REQUESTS: {
    value: 64,
    unit: 'requests open on one stream',
    why: 'enough to hide the way there and back; more cuts the stream',
  },
  MAX_OPEN_BYTES: {
    value: 2 * MIB,
    unit: 'bytes asked for and not yet here on one stream',
    why: "both sides' buffers are bounded by it",
  },
  MAX_WAITING_REQUESTS: {
    value: 4_096,
    unit: 'requests waiting for their turn at one peer',
    why: 'more are refused at once, for another peer is quicker',
  },
  MAX_INBOUND_STREAMS: {
    value: 4,
    unit: 'exchange streams of one peer',
    why: 'a peer opens two; the rest is room for a reconnect',
  },
  MAX_ANSWERS_IN_WORK: {
    value: 8,
    unit: 'reads under way for one stream',
    why: 'enough to hide the disk, few enough to bound memory by 8 answers',
  },
  MAX_REQUESTS_PER_SECOND: {
    value: 40_000,
    unit: 'requests a second of one peer, over a burst of as many',
    why: 'ten times what an honest node was measured at',
  },
  SILENCE_MS: {
    value: 10 * SECOND_MS,
    unit: 'ms without a byte while something was asked',
    why: 'the peer is silent',
  },
  SLOWEST_BYTES_PER_SECOND: {
    value: 16 * KIB,
    unit: 'bytes a second, least, of an answer that takes long',
    why: 'slower than this is as bad as silent',
  },
  WRITE_STALL_MS: {
    value: 30 * SECOND_MS,
    unit: 'ms in which a reader takes nothing',
    why: 'it loses its stream',
  },
} satisfies Limits

const GREETING = {
  MAX_REPOSITORIES: {
    value: 64,
    unit: 'repositories that one node follows',
    why: 'each is in every greeting',
  },
  MAX_HELLO_ATTEMPTS: {
    value: 3,
    unit: 'greetings of one peer that fail',
    why: 'it may have been busy, and is not asked for ever',
  },
  MAX_CLAIMS: {
    value: 131_072,
    unit: 'blobs in the summary of one peer and repository',
    why: '4 bytes each in memory: at most 512 KiB',
  },
  MAX_SUMMARIES_PER_SECOND: {
    value: 8,
    unit: 'summaries a second from one peer',
    why: 'each may cost a merge of 512 KiB',
  },
  MAX_GOSSIP_FRAME_BYTES: {
    value: 256 * KIB,
    unit: 'bytes of a frame of gossip',
    why: 'a manifest of the largest size and what travels with it, such as a second manifest',
  },
  MAX_HEADS_PER_SECOND: {
    value: 4,
    unit: 'heads verified a second for one peer',
    why: 'a repository has about one a minute',
  },
  MISMATCHES_TO_BAN: {
    value: 3,
    unit: 'answers with wrong bytes in a day that ban a peer for a week',
    why: 'one may be a broken disk; slowness never bans',
  },
} satisfies Limits

export const MAX_CONNECTIONS: number = CONNECTIONS.MAX_CONNECTIONS.value
export const MAX_BOOTSTRAP_CONNECTIONS: number = CONNECTIONS.MAX_BOOTSTRAP_CONNECTIONS.value
export const MAX_SHARE_OF_RANGE: number = CONNECTIONS.MAX_SHARE_OF_RANGE.value
export const MAX_SHARE_OF_LOCAL_ADDRESS: number = CONNECTIONS.MAX_SHARE_OF_LOCAL_ADDRESS.value
export const MAX_CONNECTIONS_OF_PEER: number = CONNECTIONS.MAX_CONNECTIONS_OF_PEER.value
export const MAX_PENDING_OF_ORIGIN: number = CONNECTIONS.MAX_PENDING_OF_ORIGIN.value
export const INBOUND_PER_SECOND: number = CONNECTIONS.INBOUND_PER_SECOND.value
export const MAX_PENDING_INBOUND: number = CONNECTIONS.MAX_PENDING_INBOUND.value
export const MAX_DIALS: number = CONNECTIONS.MAX_DIALS.value
export const MAX_KNOWN_PEERS: number = CONNECTIONS.MAX_KNOWN_PEERS.value
export const MAX_REDIALS: number = CONNECTIONS.MAX_REDIALS.value
export const MAX_NAMED_PEERS: number = CONNECTIONS.MAX_NAMED_PEERS.value
export const MAX_OPEN_PEER_TABLES: number = CONNECTIONS.MAX_OPEN_PEER_TABLES.value
export const MAX_STREAMS_PER_CONNECTION: number = CONNECTIONS.MAX_STREAMS_PER_CONNECTION.value
export const MAX_STREAM_WINDOW_BYTES: number = CONNECTIONS.MAX_STREAM_WINDOW_BYTES.value
export const MAX_STREAM_BUFFER_BYTES: number = CONNECTIONS.MAX_STREAM_BUFFER_BYTES.value

export const MAX_FRAME_BYTES: number = EXCHANGE.MAX_FRAME_BYTES.value
export const MAX_BLOB_BYTES: number = EXCHANGE.MAX_BLOB_BYTES.value
export const MAX_OBJECT_BYTES: number = EXCHANGE.MAX_OBJECT_BYTES.value
export const MAX_MANIFEST_BYTES: number = EXCHANGE.MAX_MANIFEST_BYTES.value
export const MAX_ROOT_BYTES: number = EXCHANGE.MAX_ROOT_BYTES.value
export const MAX_TILE_BYTES: number = EXCHANGE.MAX_TILE_BYTES.value
export const MAX_TILE_NAME_BYTES: number = EXCHANGE.MAX_TILE_NAME_BYTES.value
export const MAX_PROXIED_PATH_BYTES: number = EXCHANGE.MAX_PROXIED_PATH_BYTES.value
export const MAX_OPEN_REQUESTS: number = EXCHANGE.MAX_OPEN_REQUESTS.value
export const MAX_OPEN_BYTES: number = EXCHANGE.MAX_OPEN_BYTES.value
export const MAX_WAITING_REQUESTS: number = EXCHANGE.MAX_WAITING_REQUESTS.value
export const MAX_INBOUND_STREAMS: number = EXCHANGE.MAX_INBOUND_STREAMS.value
export const MAX_ANSWERS_IN_WORK: number = EXCHANGE.MAX_ANSWERS_IN_WORK.value
export const MAX_REQUESTS_PER_SECOND: number = EXCHANGE.MAX_REQUESTS_PER_SECOND.value
export const SILENCE_MS: number = EXCHANGE.SILENCE_MS.value
export const SLOWEST_BYTES_PER_SECOND: number = EXCHANGE.SLOWEST_BYTES_PER_SECOND.value
export const WRITE_STALL_MS: number = EXCHANGE.WRITE_STALL_MS.value

export const MAX_REPOSITORIES: number = GREETING.MAX_REPOSITORIES.value
export const MAX_HELLO_ATTEMPTS: number = GREETING.MAX_HELLO_ATTEMPTS.value
export const MAX_CLAIMS: number = GREETING.MAX_CLAIMS.value
export const MAX_SUMMARIES_PER_SECOND: number = GREETING.MAX_SUMMARIES_PER_SECOND.value
export const MAX_GOSSIP_FRAME_BYTES: number = GREETING.MAX_GOSSIP_FRAME_BYTES.value
export const MAX_HEADS_PER_SECOND: number = GREETING.MAX_HEADS_PER_SECOND.value
export const MISMATCHES_TO_BAN: number = GREETING.MISMATCHES_TO_BAN.value

/** All of it, for people. */
export const SWARM_LIMITS: readonly LimitGroup[] = [
  { title: 'Connections with peers', limits: CONNECTIONS },
  { title: 'Exchange with peers', limits: EXCHANGE },
  { title: 'Greetings, summaries and heads', limits: GREETING },
  PROVIDER_LIMITS,
  DONOR_LIMITS,
]

/** Bounds that an operator or a test may change. */
export interface SwarmLimits {
  readonly maxConnections: number
  readonly inboundPerSecond: number
  readonly silenceMs: number
  readonly holdingsDebounceMs: number
  readonly providesPerDay: number
  /** How long a donor's notice stands. */
  readonly noticeIntervalMs: number
  /** The least time between two notices of a donor. */
  readonly noticeDebounceMs: number
  /** How often others are asked for notices. */
  readonly noticePullMs: number
}

/** The bounds of a workstation. */
export const DEFAULT_LIMITS: SwarmLimits = {
  maxConnections: MAX_CONNECTIONS,
  inboundPerSecond: INBOUND_PER_SECOND,
  silenceMs: SILENCE_MS,
  holdingsDebounceMs: HOLDINGS_DEBOUNCE_MS,
  providesPerDay: PROVIDES_PER_DAY,
  noticeIntervalMs: NOTICE_INTERVAL_MS,
  noticeDebounceMs: NOTICE_DEBOUNCE_MS,
  noticePullMs: NOTICE_PULL_MS,
}
