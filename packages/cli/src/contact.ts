import { UsageError } from './usage-error.ts'

/** What may stand in a User-Agent's remark. */
const CONTACT = /^[!-'*-~]{1,200}$/

/**
 * Read whom the operator of a server may turn to.
 *
 * @throws {UsageError} when it cannot stand in a header
 */
export function readContact(text: string | undefined): string | undefined {
  if (text === undefined || CONTACT.test(text)) return text
  throw new UsageError('Cannot use --contact: a URL or a mail address is wanted')
}
