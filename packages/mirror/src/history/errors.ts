import { UnavailableError } from '@jarswarm/ports'

/** Nobody gave the lines or tiles of the history that it takes. They may be had later, or from somebody else. */
export class HistoryUnavailableError extends UnavailableError {
  constructor(cause: unknown) {
    const reason = cause instanceof Error ? cause.message : 'nobody was there to ask'
    super(`the history cannot be had: ${reason}`, { cause })
  }
}

/**
 * A validly signed head contradicts what was signed before, or what the history says.
 *
 * Do not use it, and keep the head before it; tell the user, for the keys of the repository are not in good hands. Only a
 * later head that continues the one in use ends this, or new keys by the owners of the root.
 */
export class HistoryRefusedError extends Error {
  override readonly name = 'HistoryRefusedError'
  readonly code = 'ERR_HISTORY_REFUSED'
  readonly seq: number

  constructor(seq: number, found: string) {
    super(`Cannot use head ${String(seq)}: found ${found}, wanted a history that is only added to`)
    this.seq = seq
  }
}
