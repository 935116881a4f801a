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
