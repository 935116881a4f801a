import type { FormatLimits } from '@jarswarm/maven'

const INDEX = {
  MAX_OBJECT_BYTES: {
    value: 1_048_576,
    unit: 'bytes of an index node, piece list or part of the list of withdrawals',
    why: 'each is held in memory and sent in one message',
  },
  MAX_ARTIFACT_BYTES: {
    value: 16_131 * 262_144,
    unit: 'bytes of a file',
    why: 'its piece list is one object, of 16 131 pieces',
  },
  MAX_MTIME_SECONDS: {
    value: 253_402_300_799,
    unit: 'seconds since 1970, as the last change of a file',
    why: 'the last of the year 9999, which HTTP dates can say',
  },
  MAX_LEAF_DIRECTORIES: {
    value: 32,
    unit: 'directories of a leaf',
    why: 'with more it is a branch, so that one change writes little anew',
  },
  MAX_LEAF_BYTES: {
    value: 6_144,
    unit: 'bytes of a leaf of several directories',
    why: 'with four full branches above it, as at two million files, a proof stays below 12 KiB',
  },
  MAX_AWAITED_OBJECTS: {
    value: 65_536,
    unit: 'objects of a pack that were named and did not come yet',
    why: 'some 200 B each; packs name some hundred ahead, and piece lists of equal files again',
  },
  SYNC_PARALLEL: {
    value: 64,
    unit: 'objects of the index under way at a time',
    why: 'what one stream of the exchange takes',
  },
} satisfies FormatLimits

const HISTORY = {
  MAX_HEAD_BYTES: {
    value: 4_096,
    unit: 'bytes of a head',
    why: 'it travels in every root manifest; it takes about 700, the rest is room for a long origin and for numbers to grow',
  },
  MAX_ORIGIN_LENGTH: {
    value: 1_024,
    unit: 'characters of the URL of an origin',
    why: 'far above real ones; a link and each head carry it',
  },
  MAX_KEPT_TILES: {
    value: 64,
    unit: 'tiles of the history kept while it is read',
    why: 'a walk over all lines needs one of each level at a time',
  },
  MAX_REASON_BYTES: {
    value: 200,
    unit: 'bytes of the reason of a withdrawal',
    why: 'it must fit the phrase of an HTTP answer, and clients print it on one line',
  },
  MAX_WITHDRAWALS: {
    value: 65_536,
    unit: 'withdrawn paths of a repository',
    why: '128 objects, which a newcomer reads one after the other; the list is in the memory of each node',
  },
  MAX_WITHDRAWALS_PER_DAY: {
    value: 100,
    unit: 'paths withdrawn in a day without the root keys',
    why: 'stolen online keys must not empty a repository',
  },
} satisfies FormatLimits

export const MAX_OBJECT_BYTES: number = INDEX.MAX_OBJECT_BYTES.value
export const MAX_ARTIFACT_BYTES: number = INDEX.MAX_ARTIFACT_BYTES.value
export const MAX_MTIME_SECONDS: number = INDEX.MAX_MTIME_SECONDS.value
export const MAX_LEAF_DIRECTORIES: number = INDEX.MAX_LEAF_DIRECTORIES.value
export const MAX_LEAF_BYTES: number = INDEX.MAX_LEAF_BYTES.value
export const MAX_AWAITED_OBJECTS: number = INDEX.MAX_AWAITED_OBJECTS.value
export const SYNC_PARALLEL: number = INDEX.SYNC_PARALLEL.value

export const MAX_HEAD_BYTES: number = HISTORY.MAX_HEAD_BYTES.value
export const MAX_ORIGIN_LENGTH: number = HISTORY.MAX_ORIGIN_LENGTH.value
export const MAX_KEPT_TILES: number = HISTORY.MAX_KEPT_TILES.value
export const MAX_REASON_BYTES: number = HISTORY.MAX_REASON_BYTES.value
export const MAX_WITHDRAWALS: number = HISTORY.MAX_WITHDRAWALS.value
export const MAX_WITHDRAWALS_PER_DAY: number = HISTORY.MAX_WITHDRAWALS_PER_DAY.value

/** Bounds of the index and of what it names. */
export const INDEX_LIMITS: FormatLimits = INDEX

/** Bounds of heads, of the history and of withdrawals. */
export const HISTORY_LIMITS: FormatLimits = HISTORY
