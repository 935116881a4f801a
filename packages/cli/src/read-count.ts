import { UsageError } from './usage-error.ts'

/** More than sit at any table; a root lists as many keys. */
const MAX_COUNT = 99

/**
 * Read a small number of keys.
 *
 * @throws {UsageError} when it is none from 1 to 99
 */
export function readCount(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^[1-9][0-9]?$/.test(text)) return Number(text)
  throw new UsageError(
    `Cannot use --${flag} ${JSON.stringify(text)}: a number from 1 to ${String(MAX_COUNT)} is wanted`,
  )
}
