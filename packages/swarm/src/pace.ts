/** How often and for how long the swarm does things of its own accord. What bounds others stands in `limits.ts`. */

const KIB = 1024
const SECOND_MS = 1_000
const HOUR_MS = 3_600 * SECOND_MS
const DAY_MS = 24 * HOUR_MS

/** One ping per connection every two minutes: the usual 10 s costs 478 B/s each. */
export const PING_INTERVAL_MS: number = 120 * SECOND_MS

/**
 * A ping that is not answered in this time, or a multiple of what answers took lately, ends the connection. The usual 5 s end all
 * connections of a machine at once that is so busy, or so short of memory, that it stands still for a moment.
 */
export const PING_TIMEOUT_MS: number = 30 * SECOND_MS

/** A dial that takes longer is as good as a peer that is gone. */
export const DIAL_TIMEOUT_MS: number = 5 * SECOND_MS

/** First pause before a lost bootstrap peer is dialled again; it doubles up to the longest. */
export const RECONNECT_FIRST_MS: number = SECOND_MS

/** With the jitter that doubles it, and a dial, a peer that can be reached again is connected within a minute. */
export const RECONNECT_LONGEST_MS: number = 25 * SECOND_MS

/** A connection that lasted for so long was wanted by both sides: it is worth dialling again soon. */
export const STEADY_CONNECTION_MS: number = SECOND_MS

/** Peers and their addresses are forgotten after two days unseen, as provider records are. */
export const MAX_PEER_AGE_MS: number = 2 * DAY_MS

/** What an answer of unknown size counts for: most index nodes are smaller. */
export const UNKNOWN_ANSWER_BYTES: number = 64 * KIB

/** Time for one answer, before the bytes that were asked for ahead of it. */
export const ANSWER_BASE_MS: number = 30 * SECOND_MS

/** Time for a greeting, dial excluded. */
export const HELLO_TIMEOUT_MS: number = 10 * SECOND_MS

/** Changes are gathered for so long before they are sent. */
export const HOLDINGS_DEBOUNCE_MS: number = SECOND_MS

/** A donor tells again what it donates, at the latest after so long while few donate. */
export const NOTICE_INTERVAL_MS: number = 300 * SECOND_MS

/** The least time between two notices of a donor, whose slices change one by one. */
export const NOTICE_DEBOUNCE_MS: number = 30 * SECOND_MS

/** How often one follower, by chance, is asked for notices. */
export const NOTICE_PULL_MS: number = 60 * SECOND_MS

/** A notice outlives its donor by so many intervals: two pulls may fail, and a laptop may sleep for a while. */
export const INTERVALS_OF_LIFE = 4

/** With more donors the interval grows in proportion: what all of them tell costs a node 350 B/s at most. */
export const DONORS_PER_INTERVAL = 150

export const RECORD_LIFE_MS: number = 2 * DAY_MS

/** Between two lots of announcements: builds and servers have other things to do. */
export const PROVIDE_PAUSE_MS: number = 2 * SECOND_MS

/** Time for one walk to the closest servers. */
export const PROVIDE_TIMEOUT_MS: number = 60 * SECOND_MS

/** Time for one server to take a lot of records, dial included. */
export const SERVER_TIMEOUT_MS: number = 10 * SECOND_MS

export const FIND_TIMEOUT_MS: number = 30 * SECOND_MS

/** How long a lookup waits for the first DHT server to be known. */
export const DHT_READY_MS: number = 5 * SECOND_MS

/** After one mismatch a peer is not asked again for so long. */
export const MISMATCH_BACK_OFF_MS: number = HOUR_MS

export const MISMATCH_WINDOW_MS: number = DAY_MS

export const BAN_MS: number = 7 * DAY_MS
