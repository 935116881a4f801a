import type { Clock, PeerName } from '@jarswarm/ports'
import { MAX_STANDINGS } from '../limits.ts'

/** Of a peer that nobody knows yet. From 0, never gave what it was asked for, to 1. */
const UNKNOWN = 0.5
/** What the newest outcome counts against those before: a good peer is behind strangers after three bad ones. */
const NEWEST_WEIGHT = 0.25
/** Without news for so long a peer is a stranger again. */
export const STANDING_LIFE_MS = 3_600_000

interface Standing {
  readonly score: number
  readonly sinceMs: number
}

/**
 * What came of asking peers lately. Claims cost nothing, and whoever is near is asked first: without this memory a
 * few peers that claim everything and give nothing would delay every blob. It decides who is asked first, and bans
 * nobody. Local knowledge, never passed on.
 */
export class PeerStandings {
  readonly #clock: Clock
  readonly #standings = new Map<PeerName, Standing>()

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock
  }

  /** It gave bytes that match. */
  gave(peer: PeerName): void {
    this.#count(peer, 1)
  }

  /** It was late, broke off, lied, or lacked what it claimed. */
  letDown(peer: PeerName): void {
    this.#count(peer, 0)
  }

  /**
   * First those that mostly gave, then strangers, both in the order given; then those that mostly let us down, the least bad
   * of them first.
   */
  ranked(peers: readonly PeerName[]): readonly PeerName[] {
    return peers
      .map((peer) => ({ peer, doubt: doubtOf(this.#score(peer)) }))
      .toSorted((one, other) => one.doubt - other.doubt)
      .map(({ peer }) => peer)
  }

  /** Whether it mostly let us down. */
  isDoubtful(peer: PeerName): boolean {
    return this.#score(peer) < UNKNOWN
  }

  #count(peer: PeerName, outcome: 0 | 1): void {
    const before = this.#score(peer)
    const score = before + (outcome - before) * NEWEST_WEIGHT
    this.#standings.delete(peer)
    this.#standings.set(peer, { score, sinceMs: this.#clock.now() })
    if (this.#standings.size <= MAX_STANDINGS) return
    const [oldest] = this.#standings.keys()
    if (oldest !== undefined) this.#standings.delete(oldest)
  }

  #score(peer: PeerName): number {
    const standing = this.#standings.get(peer)
    if (standing === undefined) return UNKNOWN
    return this.#clock.now() - standing.sinceMs < STANDING_LIFE_MS ? standing.score : UNKNOWN
  }
}

/** All that mostly give are as good as one another, for then the nearest is the best. */
const doubtOf = (score: number): number => (score > UNKNOWN ? -1 : UNKNOWN - score)
