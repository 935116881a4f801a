import type { LimitGroup, Limits } from '@jarswarm/ports'

const MIB = 1024 * 1024
const GIB = 1024 * 1024 * 1024

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
  MAX_STORING_FILES: {
    value: 32,
    unit: 'small files fetched ahead that wait for the disk while others are fetched',
    why: 'with those on their way at most 12 MiB; beyond it fetching waits for the disk',
  },
  MAX_ARRIVED_BYTES: {
    value: 16 * MIB,
    unit: 'bytes in memory of small files that were fetched ahead and not asked for yet',
    why: 'the poms and small jars of a few large builds',
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

export const MAX_WALKS: number = PREFETCH.MAX_WALKS.value
export const PREFETCH_PARALLEL: number = PREFETCH.PREFETCH_PARALLEL.value
export const MAX_STORING_FILES: number = PREFETCH.MAX_STORING_FILES.value
export const MAX_ARRIVED_BYTES: number = PREFETCH.MAX_ARRIVED_BYTES.value
export const MAX_FILES_AHEAD: number = PREFETCH.MAX_FILES_AHEAD.value
export const MAX_BYTES_AHEAD: number = PREFETCH.MAX_BYTES_AHEAD.value
export const PREFETCH_SHARE: number = PREFETCH.PREFETCH_SHARE.value
export const MAX_WATCHED_FILES: number = PREFETCH.MAX_WATCHED_FILES.value
export const MAX_DOCUMENT_BYTES: number = PREFETCH.MAX_DOCUMENT_BYTES.value
export const MAX_REMEMBERED_DEPENDENCIES: number = PREFETCH.MAX_REMEMBERED_DEPENDENCIES.value
export const MAX_MISSED_FILES: number = PREFETCH.MAX_MISSED_FILES.value

/** Bounds of what is fetched ahead, for people. */
export const PREFETCH_LIMITS: LimitGroup = { title: 'Fetching ahead of a build', limits: PREFETCH }
