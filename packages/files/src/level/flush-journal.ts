import { compactRange } from './compact-range.ts'

/** A key below all others, so that there is nothing to compact. */
const NO_KEY = '\0'

/**
 * Move what the journal of an open LevelDB database holds into a table, which has checksums to its end: a journal that a disk cut
 * short cannot be told from one that a crash cut short. To be done before closing.
 */
export async function flushJournal(level: object): Promise<void> {
  await compactRange(level, NO_KEY, NO_KEY)
}
