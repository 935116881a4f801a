import { codeOf, deepestMessage } from './storage-error.ts'

/** A table that became shorter: LevelDB reads behind its end, and calls that a failure of the disk. */
const READ_BEYOND_END = /IO error: .*: Invalid argument/

/** Whether opening failed because another process has the database open. */
export function isLocked(error: unknown): boolean {
  return levelCode(error) === 'LEVEL_LOCKED'
}

/** Whether opening failed because the files make no sense, which a new database cures. */
export function isCorrupt(error: unknown): boolean {
  return levelCode(error) === 'LEVEL_CORRUPTION' || READ_BEYOND_END.test(deepestMessage(error))
}

/** Ours may be around Level's, and Level's own around that of LevelDB. */
function levelCode(error: unknown): string | undefined {
  const inner = error instanceof Error && error.cause !== undefined && levelCode(error.cause)
  return typeof inner === 'string' ? inner : codeOf(error)
}
