/**
 * A server answered with something that cannot be used: a status, a redirect, an encoding or a length.
 *
 * Ask somebody else; asking again now gives the same answer.
 */
export class UnusableAnswerError extends Error {
  override readonly name = 'UnusableAnswerError'
  readonly code = 'ERR_UNUSABLE_ANSWER'
  /** The status, when that is what cannot be used. */
  readonly status: number | undefined

  constructor(message: string, status?: number) {
    super(message)
    this.status = status
  }
}

/**
 * A body ended before the length that its server had announced.
 *
 * Ask again, or somebody else: the connection was cut.
 */
export class ShortBodyError extends Error {
  override readonly name = 'ShortBodyError'
  readonly code = 'ERR_SHORT_BODY'
}

/**
 * A server whose files are read one after another cannot be asked any more: it is down, or wants to be left alone.
 *
 * Run the same command again later.
 */
export class OriginLostError extends Error {
  override readonly name = 'OriginLostError'
  readonly code = 'ERR_ORIGIN_LOST'

  constructor(url: string, found: string) {
    super(`Cannot go on reading ${url}: ${found}; run the same command again later`)
  }
}
