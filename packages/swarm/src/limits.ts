/**
 * Every bound of the swarm in one place. What comes from outside is held to these before memory or time is
 * spent on it; what is ours is held to them so that neighbours can rely on it.
 */

const KIB = 1024
const MIB = 1024 * KIB
const SECOND_MS = 1_000
const HOUR_MS = 3_600 * SECOND_MS
const DAY_MS = 24 * HOUR_MS

// Connections

/** Enough for a well-meshed swarm; each costs about 100 KiB and a socket. */
export const MAX_CONNECTIONS: number = 100
/** A bootstrap node lives to be connected to. */
export const MAX_BOOTSTRAP_CONNECTIONS: number = 300
/** New connections per second from one address: an office or a CI farm behind one address has many. */
export const INBOUND_PER_SECOND: number = 20
/** Of all connections, one public /24 or /48 gets at most this part: 25 of a workstation's, 75 of a bootstrap's. */
export const MAX_SHARE_OF_RANGE: number = 0.25
/** Handshakes under way from strangers: each holds keys and buffers. */
export const MAX_PENDING_INBOUND: number = 32
/** One ping per connection every two minutes: the usual 10 s costs 478 B/s each. */
export const PING_INTERVAL_MS: number = 120 * SECOND_MS
/** A dial that takes longer is as good as a peer that is gone. */
export const DIAL_TIMEOUT_MS: number = 5 * SECOND_MS
/** Known peers dialled at start, besides the bootstrap peers. */
export const MAX_REDIALS: number = 16
/** Of the peers that one repository's root names, this many are kept connected, chosen at random: two of them may be away. */
export const MAX_NAMED_PEERS = 4
/** First pause before a lost bootstrap peer is dialled again; it doubles up to the longest. */
export const RECONNECT_FIRST_MS: number = SECOND_MS
export const RECONNECT_LONGEST_MS: number = 300 * SECOND_MS
/** Peers remembered in memory, connected or not. */
export const MAX_KNOWN_PEERS: number = 1_000
/** Peers and their addresses are forgotten after two days unseen, as provider records are. */
export const MAX_PEER_AGE_MS: number = 2 * DAY_MS
/** All protocols together use about ten; a stream may cost its buffers. */
export const MAX_STREAMS_PER_CONNECTION: number = 64
/** Flow-control window of a stream: 1 MiB fills 100 Mbit/s over 80 ms. */
export const MAX_STREAM_WINDOW_BYTES: number = MIB
/** What a stream may hold unread or unsent before it is cut. */
export const MAX_STREAM_BUFFER_BYTES: number = 4 * MIB

// Exchange

/** Largest body of a frame: an object of 1 MiB and its head. */
export const MAX_FRAME_BYTES: number = MIB + 64
/** Longest payload of a blob answer; larger blobs come in pieces. */
export const MAX_BLOB_BYTES: number = 256 * KIB
export const MAX_OBJECT_BYTES: number = MIB
export const MAX_MANIFEST_BYTES: number = 64 * KIB
export const MAX_ROOT_BYTES: number = 512_000
export const MAX_TILE_BYTES: number = MIB
export const MAX_TILE_NAME_BYTES: number = 128
/** As long as a repository path may be. */
export const MAX_PROXIED_PATH_BYTES: number = KIB
/** Requests open on one stream. */
export const MAX_OPEN_REQUESTS: number = 64
/** Bytes asked for and not yet here on one stream: both sides' buffers are bounded by it. */
export const MAX_OPEN_BYTES: number = 2 * MIB
/** What an answer of unknown size counts for: most index nodes are smaller. */
export const UNKNOWN_ANSWER_BYTES: number = 64 * KIB
/** Requests waiting for their turn at one peer; more are refused at once, for another peer is quicker. */
export const MAX_WAITING_REQUESTS: number = 4_096
/** A peer opens two; the rest is room for a reconnect. */
export const MAX_INBOUND_STREAMS: number = 4
/** Reads under way for one stream: enough to hide the disk, few enough to bound memory by 8 answers. */
export const MAX_ANSWERS_IN_WORK: number = 8
/** Requests a second of one peer, over a burst of as many: ten times what an honest node was measured at. */
export const MAX_REQUESTS_PER_SECOND: number = 40_000
/** No byte for so long while something was asked: the peer is silent. */
export const SILENCE_MS: number = 10 * SECOND_MS
/** Time for one answer, before the bytes that were asked for ahead of it. */
export const ANSWER_BASE_MS: number = 30 * SECOND_MS
/** Slower than this is as bad as silent. */
export const SLOWEST_BYTES_PER_SECOND: number = 16 * KIB
/** A reader that takes nothing for so long loses its stream. */
export const WRITE_STALL_MS: number = 30 * SECOND_MS

// Greeting and summaries

/** Repositories one node follows. */
export const MAX_REPOSITORIES: number = 64
/** Time for a greeting, dial excluded. */
export const HELLO_TIMEOUT_MS: number = 10 * SECOND_MS
export const MAX_HELLO_ATTEMPTS: number = 3
/** Blobs in a summary, 4 bytes each in memory: a peer and repository cost at most 512 KiB. */
export const MAX_CLAIMS: number = 131_072
/** Changes are gathered for so long before they are sent. */
export const HOLDINGS_DEBOUNCE_MS: number = SECOND_MS
/** Summaries taken from one peer per second: each may cost a merge of 512 KiB. */
export const MAX_SUMMARIES_PER_SECOND: number = 8

// Gossip

/** One frame of gossipsub: a manifest of the largest size and what travels with it, such as a second manifest. */
export const MAX_GOSSIP_FRAME_BYTES: number = 256 * KIB
/** Heads verified for one peer per second; a repository has about one a minute. */
export const MAX_HEADS_PER_SECOND: number = 4

// DHT

/** Provider records of one key. */
export const MAX_RECORDS_PER_KEY: number = 64
/** Of these, from one public /24 or /48. */
export const MAX_RECORDS_PER_RANGE: number = 8
/** Providers in one answer. */
export const MAX_PROVIDERS_ANSWERED: number = 20
/** Records one peer may place in a day: twice the budget of an honest node. */
export const MAX_RECORDS_PER_PEER: number = 4_000
/** Peers whose records are counted; the longest silent is forgotten first. */
export const MAX_COUNTED_PEERS: number = 1_000
/** Keys kept while the index is not complete enough to know them. */
export const MAX_UNJUDGED_KEYS: number = 16_384
/** Announcements of one node in a day: `provide` manages about 5 a second, and the others bear the cost. */
export const PROVIDES_PER_DAY: number = 2_000
/** Own announcements remembered, as long as their records live. */
export const MAX_OWN_RECORDS: number = 2 * PROVIDES_PER_DAY
export const RECORD_LIFE_MS: number = 2 * DAY_MS
/** Announcements waiting for their turn. */
export const MAX_WAITING_PROVIDES: number = 10_000
export const PROVIDE_TIMEOUT_MS: number = 60 * SECOND_MS
export const FIND_TIMEOUT_MS: number = 30 * SECOND_MS
/** Providers dialled at once during a lookup. */
export const MAX_PROVIDER_DIALS: number = 8
/** Providers dialled by one lookup. */
export const MAX_PROVIDERS_FOUND: number = 40
/** How long a lookup waits for the first DHT server to be known. */
export const DHT_READY_MS: number = 5 * SECOND_MS

// Bans

/** After one mismatch a peer is not asked again for so long. */
export const MISMATCH_BACK_OFF_MS: number = HOUR_MS
/** So many mismatches within the window ban a peer. */
export const MISMATCHES_TO_BAN: number = 3
export const MISMATCH_WINDOW_MS: number = DAY_MS
export const BAN_MS: number = 7 * DAY_MS

/** Bounds that an operator or a test may change. */
export interface SwarmLimits {
  readonly maxConnections: number
  readonly inboundPerSecond: number
  readonly silenceMs: number
  readonly holdingsDebounceMs: number
  readonly providesPerDay: number
}

/** The bounds of a workstation. */
export const DEFAULT_LIMITS: SwarmLimits = {
  maxConnections: MAX_CONNECTIONS,
  inboundPerSecond: INBOUND_PER_SECOND,
  silenceMs: SILENCE_MS,
  holdingsDebounceMs: HOLDINGS_DEBOUNCE_MS,
  providesPerDay: PROVIDES_PER_DAY,
}
