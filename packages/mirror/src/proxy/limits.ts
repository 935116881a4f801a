import type { LimitGroup, Limits } from '@jarswarm/ports'

const KIB = 1024
const MIB = 1024 * 1024

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

export const MAX_DOWNLOADS: number = PROXIED.MAX_DOWNLOADS.value
export const MAX_HEAP_BYTES: number = PROXIED.MAX_HEAP_BYTES.value
export const MAX_UNSTATED_BYTES: number = PROXIED.MAX_UNSTATED_BYTES.value
export const MAX_UNSTORED_BYTES: number = PROXIED.MAX_UNSTORED_BYTES.value
export const MAX_CHECKSUM_FILE_BYTES: number = PROXIED.MAX_CHECKSUM_FILE_BYTES.value
export const MAX_MISSES: number = PROXIED.MAX_MISSES.value
export const MAX_DOWNLOAD_MS: number = PROXIED.MAX_DOWNLOAD_MS.value
export const MAX_SCANNED_RECORDS: number = PROXIED.MAX_SCANNED_RECORDS.value
export const MAX_REMEMBERED_FILES: number = PROXIED.MAX_REMEMBERED_FILES.value

/** Bounds of proxied repositories, for people. */
export const PROXIED_LIMITS: LimitGroup = { title: 'Proxied repositories', limits: PROXIED }
