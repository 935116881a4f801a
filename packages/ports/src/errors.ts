import type { Digest } from '@jarswarm/manifest'

/**
 * The bytes that arrived do not hash to the digest that was asked for.
 *
 * The sender is at fault: drop what it sent, count it against the sender, and ask another source.
 */
export class DigestMismatchError extends Error {
  override readonly name = 'DigestMismatchError'
  readonly code = 'ERR_DIGEST_MISMATCH'
  readonly expected: Digest
  readonly actual: Digest

  constructor(what: string, digests: { readonly expected: Digest; readonly actual: Digest }) {
    super(`Cannot accept ${what}: found SHA-256 ${digests.actual}, wanted ${digests.expected}`)
    this.expected = digests.expected
    this.actual = digests.actual
  }
}

/**
 * The source ended before it sent the length that was known beforehand.
 *
 * Ask another source; the one that stopped is slow or broken, not a liar.
 */
export class TruncatedError extends Error {
  override readonly name = 'TruncatedError'
  readonly code = 'ERR_TRUNCATED'
}

/**
 * The source was reached and does not have what was asked for.
 *
 * Ask another source; forget the claim that led here.
 */
export class NotHeldError extends Error {
  override readonly name = 'NotHeldError'
  readonly code = 'ERR_NOT_HELD'
}

/**
 * The source cannot answer: refused, reset, timed out, or answered with an error of its own.
 *
 * Ask another source, and this one again later.
 */
export class SourceUnavailableError extends Error {
  override readonly name = 'SourceUnavailableError'
  readonly code = 'ERR_SOURCE_UNAVAILABLE'
}

/**
 * No source could give the bytes in time.
 *
 * Tell the user why; the fetch may be tried again at any moment.
 */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError'
  readonly code = 'ERR_UNAVAILABLE'
}

/**
 * The disk, or the quota, has no room for what was to be stored.
 *
 * Serve on and fetch nothing more until space returns; the message tells the operator what to free.
 */
export class NoSpaceError extends Error {
  override readonly name = 'NoSpaceError'
  readonly code = 'ERR_NO_SPACE'
}

/**
 * The disk or the database under the data directory failed; what was being written is not kept.
 *
 * Do not try the same write again blindly: tell the operator, whose disk may be dying. Reads go on.
 */
export class StorageFailedError extends Error {
  override readonly name = 'StorageFailedError'
  readonly code = 'ERR_STORAGE_FAILED'
}

/**
 * The directory is not one that this program made, or of another format version.
 *
 * Stop: writing there could destroy what somebody else keeps in it. Tell the operator.
 */
export class ForeignDirectoryError extends Error {
  override readonly name = 'ForeignDirectoryError'
  readonly code = 'ERR_FOREIGN_DIRECTORY'
}

/**
 * Another process uses the directory.
 *
 * Stop, and tell the operator which; two writers would lose data.
 */
export class DirectoryInUseError extends Error {
  override readonly name = 'DirectoryInUseError'
  readonly code = 'ERR_DIRECTORY_IN_USE'
}
