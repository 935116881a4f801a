import { DatabaseFailedError } from '../errors.ts'

/**
 * Have errors of a LevelDB database say which one it is, and what the system said: Level's own say that something failed.
 *
 * @throws {DatabaseFailedError}
 */
export async function namingDatabase<T>(location: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw toDatabaseError(location, cause)
  }
}

export function toDatabaseError(location: string, cause: unknown): DatabaseFailedError {
  return new DatabaseFailedError(
    `Cannot use the database ${location}: found ${innermostMessage(cause)}, wanted a disk that works and has room`,
    { cause },
  )
}

export function innermostMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : innermostMessage(error.cause)
}
