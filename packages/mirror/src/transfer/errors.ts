/**
 * No source could give all parts.
 *
 * Nothing more will come of this attempt; tell the user the reason, and try again when somebody asks.
 */
export class TransferFailedError extends Error {
  override readonly name = 'TransferFailedError'
  readonly code = 'ERR_TRANSFER_FAILED'
}

/**
 * A source sent bytes that fail their digest.
 *
 * The source is at fault: ask it for nothing more of this transfer.
 */
export class WrongBytesError extends Error {
  override readonly name = 'WrongBytesError'
  readonly code = 'ERR_WRONG_BYTES'
}
