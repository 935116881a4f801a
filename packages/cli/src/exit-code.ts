import { UsageError } from './usage-error.ts'

export const EXIT_OK = 0
/** Something failed, or a difference was found. */
export const EXIT_FAILURE = 1
export const EXIT_USAGE = 2
/** What was asked for was refused on purpose, to keep data or trust from harm. */
export const EXIT_REFUSED = 3

/** Bad input that is only noticed below the command line. */
const USAGE_CODES = new Set(['ERR_INVALID_LINK', 'ERR_INVALID_PATH', 'ERR_INVALID_ADDRESS'])

/** Of the store, of trust, of joining, and the publisher's family of refusals. */
const REFUSED_CODES = new Set([
  'ERR_SETUP_REFUSED',
  'ERR_MIRROR_REFUSED',
  'ERR_UNVERIFIED',
  'ERR_FOREIGN_DIRECTORY',
  'ERR_REPOSITORY_ID_MISMATCH',
  'ERR_REPOSITORY_NAME_TAKEN',
  'ERR_STATE_DIRECTORY',
  'ERR_KEYS_EXPOSED',
  'ERR_PROPOSAL_UNDER_WAY',
  'ERR_STATE_LOCKED',
  'ERR_STATE_MISMATCH',
  'ERR_TREE_SHRUNK',
  'ERR_WITHDRAWAL_LIMIT',
  'ERR_STATE_CORRUPT',
])

/** The exit code of a command that ended with this error. */
export function exitCodeOf(error: unknown): number {
  const code = codeOf(error)
  if (error instanceof UsageError || USAGE_CODES.has(code)) return EXIT_USAGE
  return REFUSED_CODES.has(code) ? EXIT_REFUSED : EXIT_FAILURE
}

/** The stable code of an error, for scripts; `ERR_INTERNAL` when it has none. */
export function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error) {
    if (typeof error.code === 'string') return error.code
  }
  return 'ERR_INTERNAL'
}
