/** A key below all others, so that there is nothing to compact. */
const NO_KEY = '\0'

/** As the `Level` of Node.js has it, but not its type, which is that of the browser's, too. */
interface Compactable {
  compactRange(start: string, end: string): Promise<void>
}

/**
 * Move what the journal of an open LevelDB database holds into a table, which has checksums to its end: a journal that a disk cut
 * short cannot be told from one that a crash cut short. To be done before closing.
 */
export async function flushJournal(level: object): Promise<void> {
  if (isCompactable(level)) await level.compactRange(NO_KEY, NO_KEY)
}

function isCompactable(level: object): level is Compactable {
  return 'compactRange' in level
}
