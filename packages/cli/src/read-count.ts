import { UsageError } from './usage-error.ts'

/** More than sit at any table; a root lists as many keys. */
const MAX_COUNT = 99

/**
 * Read a number of things: of keys, unless told otherwise.
 *
 * @throws {UsageError} when it is none from 1 to `max`
 */
export function readCount(
  flag: string,
  text: string | undefined,
  max: number = MAX_COUNT,
): number | undefined {
  if (text === undefined) return undefined
  if (/^[1-9][0-9]{0,9}$/.test(text) && Number(text) <= max) return Number(text)
  throw new UsageError(
    `Cannot use --${flag} ${JSON.stringify(text)}: a number from 1 to ${String(max)} is wanted`,
  )
}
