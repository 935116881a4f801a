import { MAX_ACCEPTED_HEADS, MAX_SERVED_PATHS } from '@jarswarm/ports'
import type { LimitGroup, Limits } from '@jarswarm/ports'

/** Every bound of the data directory in one place. */

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB

const DISK = {
  DEFAULT_QUOTA_BYTES: {
    value: 20 * GIB,
    unit: 'bytes of blobs',
    why: 'what a workstation can spare without being asked; the least recently used give way',
    change: '--quota SIZE',
  },
  FREE_SHARE: {
    value: 0.05,
    unit: 'share of the volume that is left free',
    why: 'other programs need room too; then nothing more is fetched',
  },
  MAX_FREE_FLOOR_BYTES: {
    value: GIB,
    unit: 'bytes of the volume that are left free, when that is less',
    why: 'a large disk need not keep more',
  },
  MAX_TRUST_FILE_BYTES: {
    value: 100 * MIB,
    unit: 'bytes of a file of trusted state',
    why: 'two hundred roots of the largest size; a file beyond that was not written here',
  },
  MAX_EVIDENCE_FILES: {
    value: 64,
    unit: 'files of evidence of one repository',
    why: 'whoever holds the keys can make contradictions without end, and one is enough',
  },
  MAX_SERVED_PATHS: {
    value: MAX_SERVED_PATHS,
    unit: 'files of one repository noted as given to clients',
    why: 'about 100 B each; those that were asked for longest ago give way',
  },
  MAX_ACCEPTED_HEADS: {
    value: MAX_ACCEPTED_HEADS,
    unit: 'heads of one repository kept for audits',
    why: 'about 150 B each: a year of one each hour',
  },
} satisfies Limits

const MEMORY = {
  MAX_PENDING_TOUCHES: {
    value: 1_000,
    unit: 'uses of blobs noted in memory before they are written',
    why: 'losing them in a crash costs nothing but order',
  },
  MAX_RUN_BYTES: {
    value: 16 * MIB,
    unit: 'bytes of a new index that are sorted in memory at a time',
    why: 'an index of two million files is sixty runs, merged on the disk; LevelDB writes what comes in the order of its keys once, else fifteen times',
  },
  RUN_READ_BYTES: {
    value: 128 * KIB,
    unit: 'bytes of each run read at a time',
    why: 'sixty of them are 8 MB',
  },
  MAX_PENDING_PROJECTS: {
    value: 65_536,
    unit: 'projects whose files are counted in memory while an index comes whole',
    why: 'some 150 B each; Clojars has half as many',
  },
  MAX_NOTED_PATHS: {
    value: 50_000,
    unit: 'files given to clients noted between two writes',
    why: 'a node that gives more than this in a minute forgets some of them',
  },
  MAX_GROUP_BLOBS: {
    value: 100,
    unit: 'blobs that share one synced write',
    why: 'more would make the first wait for the last without saving much',
  },
} satisfies Limits

const HANDLES = {
  MAX_OPEN_TABLES: {
    value: 128,
    unit: 'tables of the database that are open at a time',
    why: 'each is a file of 2 MiB; those of an index of a million files. LevelDB holds to it',
  },
  MAX_OPEN_READS: {
    value: 64,
    unit: 'blobs that are read at a time',
    why: 'no disk gives more at once; further reads wait for their turn',
  },
  MAX_BLOBS_IN_MAKING: {
    value: 256,
    unit: 'blobs in the making',
    why: 'each holds a file open; what comes on top is passed on without being stored',
  },
} satisfies Limits

export const DEFAULT_QUOTA_BYTES: number = DISK.DEFAULT_QUOTA_BYTES.value
export const FREE_SHARE: number = DISK.FREE_SHARE.value
export const MAX_FREE_FLOOR_BYTES: number = DISK.MAX_FREE_FLOOR_BYTES.value
export const MAX_TRUST_FILE_BYTES: number = DISK.MAX_TRUST_FILE_BYTES.value
export const MAX_EVIDENCE_FILES: number = DISK.MAX_EVIDENCE_FILES.value

export const MAX_PENDING_TOUCHES: number = MEMORY.MAX_PENDING_TOUCHES.value
export const MAX_RUN_BYTES: number = MEMORY.MAX_RUN_BYTES.value
export const RUN_READ_BYTES: number = MEMORY.RUN_READ_BYTES.value
export const MAX_PENDING_PROJECTS: number = MEMORY.MAX_PENDING_PROJECTS.value
export const MAX_NOTED_PATHS: number = MEMORY.MAX_NOTED_PATHS.value
export const MAX_GROUP_BLOBS: number = MEMORY.MAX_GROUP_BLOBS.value

export const MAX_OPEN_TABLES: number = HANDLES.MAX_OPEN_TABLES.value
export const MAX_OPEN_READS: number = HANDLES.MAX_OPEN_READS.value
export const MAX_BLOBS_IN_MAKING: number = HANDLES.MAX_BLOBS_IN_MAKING.value

/** All of it, for people. */
export const STORE_LIMITS: readonly LimitGroup[] = [
  { title: 'Disk', limits: DISK },
  { title: 'Memory of the store', limits: MEMORY },
  { title: 'Open files of the store', limits: HANDLES },
]
