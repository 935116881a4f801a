import { MAX_WITHDRAWALS_PER_DAY } from '@jarswarm/manifest'

/**
 * A head withdraws more files than the online keys may withdraw alone.
 *
 * Keep the head before it and go on serving by that; look again when there is a new root, which may allow it, and tell the
 * user: either the owners work on it, or somebody stole the keys.
 */
export class WithdrawalsHeldError extends Error {
  override readonly name = 'WithdrawalsHeldError'
  readonly code = 'ERR_WITHDRAWALS_HELD'

  constructor(found: number) {
    super(
      `it withdraws files, ${String(found)} within 24 hours, where the online keys may withdraw ${String(MAX_WITHDRAWALS_PER_DAY)}: held back until the holders of the root allow it`,
    )
  }
}
