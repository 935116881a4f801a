/**
 * The origin asks to be left alone for a while (429).
 *
 * Ask it for nothing until the time is over.
 */
export class OriginBusyError extends Error {
  override readonly name = 'OriginBusyError'
  readonly code = 'ERR_ORIGIN_BUSY'
  readonly retryAfterMs: number

  constructor(retryAfterMs: number) {
    super(`its origin asks to be left alone for ${Math.ceil(retryAfterMs / 1_000)} s`)
    this.retryAfterMs = retryAfterMs
  }
}

/**
 * The bytes of the origin do not agree with the origin's own checksum.
 *
 * Drop them; the origin may be in the middle of a change, so once more is worth a try.
 */
export class WrongChecksumError extends Error {
  override readonly name = 'WrongChecksumError'
  readonly code = 'ERR_WRONG_CHECKSUM'
}

/**
 * The origin states no checksum of a file, so nothing can be said of its bytes.
 *
 * Do not serve it; tell the user.
 */
export class NoChecksumError extends Error {
  override readonly name = 'NoChecksumError'
  readonly code = 'ERR_NO_CHECKSUM'
}
