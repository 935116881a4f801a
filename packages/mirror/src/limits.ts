import type { LimitGroup, Limits } from '@jarswarm/ports'
import { DONATION_LIMITS } from './donate/limits.ts'

/** Every bound of the mirror in one place: what peers, origins and builds may set going, and what is kept of it. */

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB

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
    value: 128 * MIB,
    unit: 'bytes of a pack as sent',
    why: 'several million files; beyond it the objects come one by one',
  },
  MAX_UNPACKED_BYTES: {
    value: 512 * MIB,
    unit: 'bytes of a pack after decompression',
    why: 'it is held in memory once; zlib stops there',
  },
  MAX_ENTRIES_READ: {
    value: 10_000,
    unit: 'entries of the index read at a time',
    why: 'some megabytes, wherever they go',
  },
  MAX_SEEN_CONTRADICTIONS: {
    value: 1_000,
    unit: 'contradictions of the keys that are remembered',
    why: 'each is judged once; whoever holds the keys can make them without end',
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
    value: 24,
    unit: 'peers asked in all for one blob',
    why: 'more would be a flood, and fewer claims are wrong',
  },
  MAX_CLAIMANTS_PER_BLOB: {
    value: 8,
    unit: 'of these, peers that claim the blob',
    why: 'claims cost nothing, so they leave room for others',
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
  MAX_UNTOLD_BLOBS: {
    value: 4_000_000,
    unit: 'blobs beyond those that are told of, given to who asks',
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

const PREFETCH = {
  MAX_WALKS: {
    value: 64,
    unit: 'poms whose closures are walked at the same time',
    why: 'others are left to the client',
  },
  PREFETCH_PARALLEL: {
    value: 16,
    unit: 'files fetched ahead at a time',
    why: 'a client that waits has the line too',
  },
  MAX_FILES_AHEAD: {
    value: 4_000,
    unit: 'files fetched ahead after one pom',
    why: 'the largest applications have 2 000',
  },
  MAX_BYTES_AHEAD: {
    value: GIB,
    unit: 'bytes fetched ahead after one pom',
    why: 'a client that asks for one pom must not fill a disk',
  },
  PREFETCH_SHARE: {
    value: 0.125,
    unit: 'share of a full store that they may push out in a day',
    why: 'nobody asked for them yet',
  },
  MAX_WATCHED_FILES: {
    value: 50_000,
    unit: 'files whose use is watched for',
    why: 'older ones count as never used',
  },
  MAX_DOCUMENT_BYTES: {
    value: 8 * MIB,
    unit: 'bytes of POMs, and as many of metadata, that stay parsed',
    why: 'parents and BOMs are read again and again',
  },
  MAX_REMEMBERED_DEPENDENCIES: {
    value: 100_000,
    unit: 'dependencies, in all, of POMs that stay understood',
    why: 'about 10 MB: those of many large builds',
  },
  MAX_MISSED_FILES: {
    value: 1_000,
    unit: 'files that a client did not find, and not elsewhere yet',
    why: 'they tell in which order clients ask',
  },
} satisfies Limits

const PROXIED = {
  MAX_DOWNLOADS: {
    value: 256,
    unit: 'files asked of one origin at a time',
    why: 'each may take 256 KiB of memory',
  },
  MAX_HEAP_BYTES: {
    value: 64 * MIB,
    unit: 'bytes in memory of files without a place on disk or a stated length',
    why: 'builds go on, and memory stays bounded',
  },
  MAX_UNSTATED_BYTES: {
    value: 16 * MIB,
    unit: 'bytes of a file whose length the origin does not state',
    why: 'it is read into memory',
  },
  MAX_UNSTORED_BYTES: {
    value: 16 * MIB,
    unit: 'bytes of files kept in memory while the disk is full',
    why: 'the poms and small jars of one build',
  },
  MAX_CHECKSUM_FILE_BYTES: {
    value: KIB,
    unit: 'bytes of a checksum file',
    why: 'a checksum with a file name, twice over; what is longer is an error page',
  },
  MAX_MISSES: {
    value: 20_000,
    unit: 'files remembered that an origin does not have',
    why: 'a large build asks for some thousand that its first repository does not have',
  },
  MAX_DOWNLOAD_MS: {
    value: 1_800_000,
    unit: 'ms for a whole file',
    why: 'an origin that drips holds a place for nothing; enough for 50 MB at 28 KB/s',
  },
  MAX_SCANNED_RECORDS: {
    value: 100_000,
    unit: 'records looked at for one listing',
    why: 'it is for people',
  },
  MAX_REMEMBERED_FILES: {
    value: 4_000,
    unit: 'mutable files whose last confirmation is remembered, and files that nobody was given yet',
    why: 'as many as large builds ask for within 10 s',
  },
} satisfies Limits

export const VERIFICATION_BURST: number = STATES.VERIFICATION_BURST.value
export const MAX_ACCOUNTS: number = STATES.MAX_ACCOUNTS.value
export const MAX_UNDER_WAY: number = STATES.MAX_UNDER_WAY.value
export const MAX_ROOT_SEARCHES: number = STATES.MAX_ROOT_SEARCHES.value
export const MAX_WAITING_SEARCHES: number = STATES.MAX_WAITING_SEARCHES.value
export const MAX_PACK_BYTES: number = STATES.MAX_PACK_BYTES.value
export const MAX_UNPACKED_BYTES: number = STATES.MAX_UNPACKED_BYTES.value
export const MAX_ENTRIES_READ: number = STATES.MAX_ENTRIES_READ.value
export const MAX_SEEN_CONTRADICTIONS: number = STATES.MAX_SEEN_CONTRADICTIONS.value
export const MAX_KEPT_FOR_OTHERS: number = STATES.MAX_KEPT_FOR_OTHERS.value
export const OBJECT_PEERS_AT_ONCE: number = STATES.OBJECT_PEERS_AT_ONCE.value
export const MAX_OBJECT_PEERS: number = STATES.MAX_OBJECT_PEERS.value
export const MAX_TILE_PEERS: number = STATES.MAX_TILE_PEERS.value
export const MAX_ROOT_PEERS: number = STATES.MAX_ROOT_PEERS.value

export const MAX_PEERS_AT_ONCE: number = FILES.MAX_PEERS_AT_ONCE.value
export const MAX_PEERS_PER_BLOB: number = FILES.MAX_PEERS_PER_BLOB.value
export const MAX_CLAIMANTS_PER_BLOB: number = FILES.MAX_CLAIMANTS_PER_BLOB.value
export const MAX_STANDINGS: number = FILES.MAX_STANDINGS.value
export const MAX_BYTES_WITHOUT_DISK: number = FILES.MAX_BYTES_WITHOUT_DISK.value
export const MAX_HELD_BLOBS: number = FILES.MAX_HELD_BLOBS.value
export const DAILY_BUDGET: number = FILES.DAILY_BUDGET.value
export const MAX_LAN_PEERS: number = FILES.MAX_LAN_PEERS.value
export const MAX_NAMED_BLOBS: number = FILES.MAX_NAMED_BLOBS.value
export const MAX_FOLLOWERS_PER_BLOB: number = FILES.MAX_FOLLOWERS_PER_BLOB.value
export const MAX_UNTOLD_BLOBS: number = FILES.MAX_UNTOLD_BLOBS.value
export const MAX_REMEMBERED_CHANGES: number = FILES.MAX_REMEMBERED_CHANGES.value
export const MAX_RESTING_PEERS: number = FILES.MAX_RESTING_PEERS.value
export const MAX_NAMED_WITHDRAWALS: number = FILES.MAX_NAMED_WITHDRAWALS.value

export const MAX_WALKS: number = PREFETCH.MAX_WALKS.value
export const PREFETCH_PARALLEL: number = PREFETCH.PREFETCH_PARALLEL.value
export const MAX_FILES_AHEAD: number = PREFETCH.MAX_FILES_AHEAD.value
export const MAX_BYTES_AHEAD: number = PREFETCH.MAX_BYTES_AHEAD.value
export const PREFETCH_SHARE: number = PREFETCH.PREFETCH_SHARE.value
export const MAX_WATCHED_FILES: number = PREFETCH.MAX_WATCHED_FILES.value
export const MAX_DOCUMENT_BYTES: number = PREFETCH.MAX_DOCUMENT_BYTES.value
export const MAX_REMEMBERED_DEPENDENCIES: number = PREFETCH.MAX_REMEMBERED_DEPENDENCIES.value
export const MAX_MISSED_FILES: number = PREFETCH.MAX_MISSED_FILES.value

export const MAX_DOWNLOADS: number = PROXIED.MAX_DOWNLOADS.value
export const MAX_HEAP_BYTES: number = PROXIED.MAX_HEAP_BYTES.value
export const MAX_UNSTATED_BYTES: number = PROXIED.MAX_UNSTATED_BYTES.value
export const MAX_UNSTORED_BYTES: number = PROXIED.MAX_UNSTORED_BYTES.value
export const MAX_CHECKSUM_FILE_BYTES: number = PROXIED.MAX_CHECKSUM_FILE_BYTES.value
export const MAX_MISSES: number = PROXIED.MAX_MISSES.value
export const MAX_DOWNLOAD_MS: number = PROXIED.MAX_DOWNLOAD_MS.value
export const MAX_SCANNED_RECORDS: number = PROXIED.MAX_SCANNED_RECORDS.value
export const MAX_REMEMBERED_FILES: number = PROXIED.MAX_REMEMBERED_FILES.value

/** All of it, for people. */
export const MIRROR_LIMITS: readonly LimitGroup[] = [
  { title: 'Signed states', limits: STATES },
  { title: 'Fetching and sharing', limits: FILES },
  DONATION_LIMITS,
  { title: 'Fetching ahead of a build', limits: PREFETCH },
  { title: 'Proxied repositories', limits: PROXIED },
]
