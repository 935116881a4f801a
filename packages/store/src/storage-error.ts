import {
  DigestMismatchError,
  DirectoryInUseError,
  ForeignDirectoryError,
  NoSpaceError,
  StorageFailedError,
} from '@jarswarm/ports'
import { StoreClosedError } from './errors.ts'

const FULL_DISK_CODES: readonly string[] = ['ENOSPC', 'EDQUOT']

/** LevelDB gives a full disk no code of its own, only the text of the operating system. */
const FULL_DISK_TEXT = /No space left on device|Disk quota exceeded/

const OWN_ERRORS = [
  DigestMismatchError,
  DirectoryInUseError,
  ForeignDirectoryError,
  NoSpaceError,
  StorageFailedError,
  StoreClosedError,
  RangeError,
  TypeError,
]

/**
 * Turn what a file system call or the database threw into an error that callers can act on.
 *
 * @param action what was attempted, as in "store blob 12ab…"
 */
export function toStorageError(error: unknown, action: string): Error {
  if (error instanceof Error && OWN_ERRORS.some((type) => error instanceof type)) return error
  const found = deepestMessage(error)
  if (FULL_DISK_CODES.includes(codeOf(error) ?? '') || FULL_DISK_TEXT.test(found)) {
    return new NoSpaceError(
      `Cannot ${action}: the disk is full (${found}), wanted free space; delete something or lower --quota`,
      { cause: error },
    )
  }
  return new StorageFailedError(`Cannot ${action}: ${found}, wanted a disk that works`, {
    cause: error,
  })
}

/** The `code` of a system or database error, or undefined when it has none. */
export function codeOf(error: unknown): string | undefined {
  const isCoded = error instanceof Error && 'code' in error && typeof error.code === 'string'
  return isCoded ? String(error.code) : undefined
}

/** Whether a file system call failed because the file is not there. */
export function isMissingFile(error: unknown): boolean {
  return codeOf(error) === 'ENOENT'
}

/** What the innermost cause says. */
export function deepestMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? deepestMessage(error.cause) : error.message
}
