import type { Clock, PeerName } from '@jarswarm/ports'
import { MAX_STANDINGS } from '../limits.ts'
import type { PeerStandings } from './peer-standings.ts'

/** For so long a peer that lacked something lets others go first. */
export const LACKING_LIFE_MS = 600_000

export interface LackingPeersComponents {
  readonly clock: Clock
  readonly standings: PeerStandings
}

/**
 * Which peers lately lacked an index object or a tile, and whose turn it is therefore. To lack something is no fault, for
 * nobody claimed to have it; but few are asked at a time, and if they were always the nearest, those would stand before a
 * farther one that has it.
 */
export class LackingPeers {
  readonly #components: LackingPeersComponents
  /** Who lacked something longest ago comes first. */
  readonly #lackedAtMs = new Map<PeerName, number>()

  constructor(components: LackingPeersComponents) {
    this.#components = components
  }

  /** It said that it does not have what it was asked for. */
  lacked(peer: PeerName): void {
    this.#lackedAtMs.delete(peer)
    this.#lackedAtMs.set(peer, this.#components.clock.monotonicMs())
    if (this.#lackedAtMs.size <= MAX_STANDINGS) return
    const [oldest] = this.#lackedAtMs.keys()
    if (oldest !== undefined) this.#lackedAtMs.delete(oldest)
  }

  /** Whether it lacked something in the last {@link LACKING_LIFE_MS}. */
  has(peer: PeerName): boolean {
    const atMs = this.#lackedAtMs.get(peer)
    return atMs !== undefined && this.#components.clock.monotonicMs() - atMs < LACKING_LIFE_MS
  }

  /**
   * The same peers: as {@link PeerStandings} ranks them; then, by turns, those that lacked something, the longest ago first, and
   * those that mostly let us down. By turns, so that neither a crowd of the ones nor of the others keeps everybody else out.
   */
  ranked(peers: readonly PeerName[]): readonly PeerName[] {
    const { standings } = this.#components
    const given = new Set(peers)
    const lacking = [...this.#lackedAtMs.keys()].filter((peer) => given.has(peer) && this.has(peer))
    const others = standings.ranked(peers.filter((peer) => !this.has(peer)))
    const doubtful = others.filter((peer) => standings.isDoubtful(peer))
    return [...others.slice(0, others.length - doubtful.length), ...byTurns(lacking, doubtful)]
  }
}

function byTurns(some: readonly PeerName[], others: readonly PeerName[]): readonly PeerName[] {
  const turns = Math.max(some.length, others.length)
  return Array.from({ length: turns }, (_, turn) => [
    ...some.slice(turn, turn + 1),
    ...others.slice(turn, turn + 1),
  ]).flat()
}
