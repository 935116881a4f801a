/**
 * A client's configuration must not be touched: it cannot be read, or it sends the repository elsewhere already.
 *
 * Show the message: it has what the user can paste, or what to take out first.
 */
export class SetupRefusedError extends Error {
  override readonly name = 'SetupRefusedError'
  readonly code = 'ERR_SETUP_REFUSED'
}
