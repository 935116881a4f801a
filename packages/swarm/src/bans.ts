import type { Clock, PeerName } from '@jarswarm/ports'
import { MAX_KNOWN_PEERS, MISMATCHES_TO_BAN } from './limits.ts'
import { BAN_MS, MISMATCH_BACK_OFF_MS, MISMATCH_WINDOW_MS } from './pace.ts'

/** What is held against one peer. */
export interface Offences {
  /** When it sent wrong bytes, in milliseconds since the epoch. */
  readonly mismatchesMs: readonly number[]
  readonly bannedUntilMs: number
}

/** Peers that sent wrong bytes. Local knowledge: it is never passed on, and slowness is no offence. */
export class Bans {
  readonly #clock: Clock
  readonly #offences = new Map<PeerName, Offences>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Count one mismatch. */
  report(peer: PeerName): Offences {
    const now = this.#clock.now()
    const before = this.#offences.get(peer)
    const recent = before?.mismatchesMs.filter((at) => at > now - MISMATCH_WINDOW_MS) ?? []
    const mismatchesMs = [...recent, now].slice(-MISMATCHES_TO_BAN)
    const bannedUntilMs =
      mismatchesMs.length >= MISMATCHES_TO_BAN ? now + BAN_MS : (before?.bannedUntilMs ?? 0)
    const offences = { mismatchesMs, bannedUntilMs }
    this.restore(peer, offences)
    return offences
  }

  /** Take in what was kept from an earlier run. */
  restore(peer: PeerName, offences: Offences): void {
    this.#offences.delete(peer)
    this.#offences.set(peer, offences)
    if (this.#offences.size <= MAX_KNOWN_PEERS) return
    const [oldest] = this.#offences.keys()
    if (oldest !== undefined) this.#offences.delete(oldest)
  }

  /** Whether the peer is to be refused altogether. */
  isBanned(peer: PeerName): boolean {
    return (this.#offences.get(peer)?.bannedUntilMs ?? 0) > this.#clock.now()
  }

  /** Whether the peer is not to be asked now: banned, or wrong within the last hour. */
  isAvoided(peer: PeerName): boolean {
    if (this.isBanned(peer)) return true
    const last = this.#offences.get(peer)?.mismatchesMs.at(-1)
    return last !== undefined && last > this.#clock.now() - MISMATCH_BACK_OFF_MS
  }
}
