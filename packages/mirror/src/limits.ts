import type { LimitGroup, Limits } from '@jarswarm/ports'
import { DONATION_LIMITS } from './donate/limits.ts'
import { PREFETCH_LIMITS } from './prefetch/limits.ts'
import { PROXIED_LIMITS } from './proxy/limits.ts'

/** Every bound of the mirror in one place: what peers, origins and builds may set going, and what is kept of it. */

const KIB = 1024
const MIB = 1024 * KIB

const STATES = {
  VERIFICATION_BURST: {
    value: 5,
    unit: 'root manifests of one peer verified at once, then one more a second',
    why: 'nobody makes this node check signatures all day',
  },
  MAX_ACCOUNTS: {
    value: 1_024,
    unit: 'peers whose manifests are counted',
    why: 'who was asked for longest ago is forgotten',
  },
  MAX_UNDER_WAY: {
    value: 2,
    unit: 'root manifests of one peer judged at a time',
    why: 'each may search for roots for 15 s: one peer must not take up all searches, nor fill the memory',
  },
  MAX_ROOT_SEARCHES: {
    value: 8,
    unit: 'root manifests whose roots are looked for at a time',
    why: 'those of liars do not hold up the others, and ask no crowd',
  },
  MAX_WAITING_SEARCHES: {
    value: 64,
    unit: 'root manifests that wait for their turn',
    why: 'what comes on top comes again',
  },
  MAX_PACK_BYTES: {
    value: 2 * 1024 * MIB,
    unit: 'bytes of a pack as sent',
    why: 'some 25 million files; it is verified and stored as it comes. Beyond it the objects come one by one',
  },
  MAX_PACK_WINDOW_BITS: {
    value: 23,
    unit: 'bits of the window that a pack may want for its decompression',
    why: '8 MiB of memory; publishers use 19',
  },
  MAX_ENTRIES_READ: {
    value: 10_000,
    unit: 'entries of the index read at a time',
    why: 'some megabytes, wherever they go',
  },
  MAX_REMEMBERED_ENTRIES: {
    value: 16_384,
    unit: 'files of the index that are remembered, with those beside them',
    why: 'two thousand versions, which large builds ask for again and again; some 5 MB, and as much again for the answers to those that were asked for',
  },
  MAX_REMEMBERED_BRANCHES: {
    value: 4_500,
    unit: 'branches of the index that look-ups remember',
    why: 'the four upper levels of an index of two million files; some 1.5 KiB each, and only those that look-ups came by',
  },
  MAX_SEEN_CONTRADICTIONS: {
    value: 1_000,
    unit: 'contradictions of the keys that are remembered',
    why: 'each is judged once; whoever holds the keys can make them without end',
  },
  MAX_ORDERED_ENTRIES: {
    value: 4_096,
    unit: 'files of a fill that are put in the order in which they are stored',
    why: 'sixteen for each folder of the store, in a megabyte of memory',
  },
  MAX_KEPT_FOR_OTHERS: {
    value: 4_096,
    unit: 'files of a fill that neighbours may bring first',
    why: 'enough that each of 50 has its share of them, in a megabyte of memory',
  },
  OBJECT_PEERS_AT_ONCE: {
    value: 4,
    unit: 'peers asked for index nodes and piece lists at the same time',
    why: 'they fill a line; more only share it',
  },
  MAX_OBJECT_PEERS: {
    value: 8,
    unit: 'peers asked for them in all before origin and mirrors are',
    why: 'liars and the silent cost time',
  },
  MAX_TILE_PEERS: {
    value: 4,
    unit: 'peers asked for a tile of the history before origin and mirrors are',
    why: 'liars and the silent cost time',
  },
  MAX_ROOT_PEERS: {
    value: 8,
    unit: 'peers asked for one root',
    why: 'more would not have what these lack',
  },
} satisfies Limits

const FILES = {
  MAX_PEERS_AT_ONCE: {
    value: 4,
    unit: 'peers asked for a large blob at the same time',
    why: 'they fill a line; more only share it',
  },
  MAX_PEERS_PER_BLOB: {
    value: 32,
    unit: 'peers asked in all for one blob',
    why: 'more would be a flood, and fewer claims are wrong',
  },
  MAX_CLAIMANTS_PER_BLOB: {
    value: 8,
    unit: 'of these, peers that claim the blob',
    why: 'claims cost nothing, so they leave room for others',
  },
  MAX_FURTHER_CLAIMANTS: {
    value: 8,
    unit: 'further ones, where no upstream works',
    why: 'somebody who gives nothing may have the nearest of them all',
  },
  MAX_STANDINGS: {
    value: 1_024,
    unit: 'peers kept account of by what came of asking them',
    why: 'who gave or let down nothing for longest is forgotten',
  },
  MAX_BYTES_WITHOUT_DISK: {
    value: 64 * MIB,
    unit: 'bytes of large blobs in memory while the disk is full',
    why: 'builds go on, and memory stays bounded',
  },
  MAX_HELD_BLOBS: {
    value: 500_000,
    unit: 'blobs kept account of, and told of',
    why: 'about 100 B each; a cache beyond it tells of these, and of new ones',
  },
  DAILY_BUDGET: {
    value: 2_000,
    unit: 'announcements of one repository in a day',
    why: 'the others bear the cost',
  },
  MAX_LAN_PEERS: {
    value: 8,
    unit: 'local peers asked for one file, nearest first',
    why: 'a LAN is near: more only cost time',
  },
  MAX_NAMED_BLOBS: {
    value: 20_000,
    unit: 'blobs named to local peers, and given to them',
    why: 'the files of the largest builds',
  },
  MAX_FOLLOWERS_PER_BLOB: {
    value: 8,
    unit: 'of these, peers that claim nothing',
    why: 'they leave room for those that the DHT names late',
  },
  MAX_UNLISTED_BLOBS: {
    value: 4_000_000,
    unit: 'blobs beyond those that can be listed, given to who asks',
    why: 'a full mirror has so many; about 40 B each',
  },
  MAX_REMEMBERED_CHANGES: {
    value: 10_000,
    unit: 'changed files that a mirror remembers between two rounds',
    why: 'after more it goes through all paths again',
  },
  MAX_RESTING_PEERS: {
    value: 1_000,
    unit: 'local peers that are left alone for a while',
    why: 'names are cheap to make',
  },
  MAX_NAMED_WITHDRAWALS: {
    value: 100,
    unit: 'withdrawn files that log and status name one by one',
    why: 'they count all of them',
  },
} satisfies Limits

export const VERIFICATION_BURST: number = STATES.VERIFICATION_BURST.value
export const MAX_ACCOUNTS: number = STATES.MAX_ACCOUNTS.value
export const MAX_UNDER_WAY: number = STATES.MAX_UNDER_WAY.value
export const MAX_ROOT_SEARCHES: number = STATES.MAX_ROOT_SEARCHES.value
export const MAX_WAITING_SEARCHES: number = STATES.MAX_WAITING_SEARCHES.value
export const MAX_PACK_BYTES: number = STATES.MAX_PACK_BYTES.value
export const MAX_PACK_WINDOW_BITS: number = STATES.MAX_PACK_WINDOW_BITS.value
export const MAX_ENTRIES_READ: number = STATES.MAX_ENTRIES_READ.value
export const MAX_REMEMBERED_ENTRIES: number = STATES.MAX_REMEMBERED_ENTRIES.value
export const MAX_REMEMBERED_BRANCHES: number = STATES.MAX_REMEMBERED_BRANCHES.value
export const MAX_SEEN_CONTRADICTIONS: number = STATES.MAX_SEEN_CONTRADICTIONS.value
export const MAX_ORDERED_ENTRIES: number = STATES.MAX_ORDERED_ENTRIES.value
export const MAX_KEPT_FOR_OTHERS: number = STATES.MAX_KEPT_FOR_OTHERS.value
export const OBJECT_PEERS_AT_ONCE: number = STATES.OBJECT_PEERS_AT_ONCE.value
export const MAX_OBJECT_PEERS: number = STATES.MAX_OBJECT_PEERS.value
export const MAX_TILE_PEERS: number = STATES.MAX_TILE_PEERS.value
export const MAX_ROOT_PEERS: number = STATES.MAX_ROOT_PEERS.value

export const MAX_PEERS_AT_ONCE: number = FILES.MAX_PEERS_AT_ONCE.value
export const MAX_PEERS_PER_BLOB: number = FILES.MAX_PEERS_PER_BLOB.value
export const MAX_CLAIMANTS_PER_BLOB: number = FILES.MAX_CLAIMANTS_PER_BLOB.value
export const MAX_FURTHER_CLAIMANTS: number = FILES.MAX_FURTHER_CLAIMANTS.value
export const MAX_STANDINGS: number = FILES.MAX_STANDINGS.value
export const MAX_BYTES_WITHOUT_DISK: number = FILES.MAX_BYTES_WITHOUT_DISK.value
export const MAX_HELD_BLOBS: number = FILES.MAX_HELD_BLOBS.value
export const DAILY_BUDGET: number = FILES.DAILY_BUDGET.value
export const MAX_LAN_PEERS: number = FILES.MAX_LAN_PEERS.value
export const MAX_NAMED_BLOBS: number = FILES.MAX_NAMED_BLOBS.value
export const MAX_FOLLOWERS_PER_BLOB: number = FILES.MAX_FOLLOWERS_PER_BLOB.value
export const MAX_UNLISTED_BLOBS: number = FILES.MAX_UNLISTED_BLOBS.value
export const MAX_REMEMBERED_CHANGES: number = FILES.MAX_REMEMBERED_CHANGES.value
export const MAX_RESTING_PEERS: number = FILES.MAX_RESTING_PEERS.value
export const MAX_NAMED_WITHDRAWALS: number = FILES.MAX_NAMED_WITHDRAWALS.value

/** All of it, for people. */
export const MIRROR_LIMITS: readonly LimitGroup[] = [
  { title: 'Signed states', limits: STATES },
  { title: 'Fetching and sharing', limits: FILES },
  DONATION_LIMITS,
  PREFETCH_LIMITS,
  PROXIED_LIMITS,
]
