import type { Clock, PeerName } from '@jarswarm/ports'
import { MAX_ACCOUNTS, VERIFICATION_BURST } from '../limits.ts'

interface Account {
  tokens: number
  sinceMs: number
}

/** Keeps any one peer from making this node verify signatures all day. */
export class VerificationBudget {
  readonly #clock: Clock
  readonly #accounts = new Map<PeerName, Account>()

  constructor(components: { readonly clock: Clock }) {
    this.#clock = components.clock
  }

  /** Whether one more manifest of this peer may be verified now. */
  take(peer: PeerName): boolean {
    const nowMs = this.#clock.now()
    const account = this.#accounts.get(peer) ?? { tokens: VERIFICATION_BURST, sinceMs: nowMs }
    const earned = Math.max(0, nowMs - account.sinceMs) / 1_000
    const tokens = Math.min(VERIFICATION_BURST, account.tokens + earned)
    const granted = tokens >= 1
    this.#accounts.delete(peer)
    this.#accounts.set(peer, { tokens: granted ? tokens - 1 : tokens, sinceMs: nowMs })
    if (this.#accounts.size > MAX_ACCOUNTS) {
      const [oldest] = this.#accounts.keys()
      if (oldest !== undefined) this.#accounts.delete(oldest)
    }
    return granted
  }
}
