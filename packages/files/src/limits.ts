import type { FormatLimits } from '@jarswarm/maven'

const DATABASES = {
  MAX_JOURNAL_BYTES: {
    value: 67_108_864,
    unit: 'bytes of a journal or MANIFEST of a database',
    why: 'LevelDB begins a new journal after 4 MiB and one batch of changes; one beyond that was not written here, and counts as damaged',
  },
  MAX_TABLE_INDEX_BYTES: {
    value: 16_777_216,
    unit: 'bytes of the unpacked index of a table of a database',
    why: 'about 60 for 4 KiB of a table, so a table of a gigabyte has room, and real ones take 2 MiB; one with more counts as damaged',
  },
} satisfies FormatLimits

export const MAX_JOURNAL_BYTES: number = DATABASES.MAX_JOURNAL_BYTES.value
export const MAX_TABLE_INDEX_BYTES: number = DATABASES.MAX_TABLE_INDEX_BYTES.value

/** Bounds of what is read of a LevelDB database to see whether it is whole. */
export const DATABASE_LIMITS: FormatLimits = DATABASES
