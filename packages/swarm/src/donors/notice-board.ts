import type { Clock, Donor, PeerName } from '@jarswarm/ports'
import type { Multiaddr } from '@multiformats/multiaddr'
import { publicRange } from '../addresses.ts'
import { MAX_DONORS, MAX_NOTICE_AHEAD_MS, MAX_UNPROVEN_DONORS } from './limits.ts'
import type { Notice, SignedNotice } from './notice.ts'

/** A donor that has a place. */
interface Place {
  notice: Notice
  /** Who told of it first: what one peer tells of takes no room from what another one does. */
  readonly from: PeerName
  proven: boolean
  /** Where it was met. */
  met: { readonly range: string | undefined } | undefined
}

/** The newest notice of each donor of one repository, as far as there is room. */
export class NoticeBoard {
  readonly #clock: Pick<Clock, 'now'>
  readonly #places = new Map<PeerName, Place>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  get size(): number {
    return this.#places.size
  }

  /** The notices that count, those of ended donations too. */
  notices(): readonly Notice[] {
    return [...this.#places.values()]
      .map(({ notice }) => notice)
      .filter((notice) => !this.#isOver(notice))
  }

  /** Those who donate, each once. */
  donors(): readonly Donor[] {
    return [...this.#places.values()]
      .filter(({ notice }) => notice.donatedBytes > 0 && !this.#isOver(notice))
      .map(({ notice: { peer, issuedMs, donatedBytes, slices, addresses }, met }) => ({
        peer,
        issuedMs,
        donatedBytes,
        slices,
        range: met === undefined ? rangeOfFirst(addresses) : met.range,
      }))
  }

  find(peer: PeerName): Notice | undefined {
    return this.#places.get(peer)?.notice
  }

  /** Whether a notice counts now, and would have a place: asked before the work to verify it. */
  wants(notice: SignedNotice, from: PeerName): boolean {
    // Not from the future: nothing that its donor says later could take the place of it.
    if (notice.issuedMs > this.#clock.now() + MAX_NOTICE_AHEAD_MS || this.#isOver(notice))
      return false
    const before = this.#places.get(notice.peer)?.notice
    return before === undefined ? this.roomFor(from) > 0 : notice.issuedMs > before.issuedMs
  }

  /**
   * Take in a notice.
   *
   * @returns whether what is known of the donor has changed by it; a notice that only repeats the one before changes nothing
   */
  take(notice: Notice, from: PeerName): boolean {
    if (!this.wants(notice, from)) return false
    const place = this.#places.get(notice.peer)
    if (place !== undefined) {
      const before = place.notice
      place.notice = notice
      return !saysTheSame(before, notice)
    }
    this.#places.set(notice.peer, { notice, from, proven: false, met: undefined })
    this.#makeRoom()
    return true
  }

  prove(peer: PeerName, proven: boolean): void {
    const place = this.#places.get(peer)
    if (place === undefined) return
    place.proven = proven
    this.#makeRoom()
  }

  /** A donor connected: its range is known now, whatever it says. */
  met(peer: PeerName, range: string | undefined): void {
    const place = this.#places.get(peer)
    if (place !== undefined) place.met = { range }
  }

  /**
   * How many donors of whom nothing is known a peer may tell of. When all places are taken, it gets some of those of
   * the peer that has the most, until both have as many.
   */
  roomFor(from: PeerName): number {
    const shares = this.#shares()
    const most = Math.max(0, ...[...shares.values()].map((share) => share.length))
    const own = shares.get(from)?.length ?? 0
    const free = this.#unprovenLimit() - this.#unproven().length
    return Math.max(0, free, Math.floor((most - own) / 2))
  }

  /** Forget notices that no longer count; returns whether there were any. */
  expire(): boolean {
    const before = this.#places.size
    for (const [peer, { notice }] of this.#places) {
      if (this.#isOver(notice)) this.#places.delete(peer)
    }
    return this.#places.size < before
  }

  #isOver({ issuedMs, lifeMs }: SignedNotice): boolean {
    return issuedMs + lifeMs <= this.#clock.now()
  }

  #unproven(): readonly Place[] {
    return [...this.#places.values()].filter(({ proven }) => !proven)
  }

  #unprovenLimit(): number {
    const proven = this.#places.size - this.#unproven().length
    return Math.min(MAX_UNPROVEN_DONORS, MAX_DONORS - proven)
  }

  /** Unproven donors by the peer that told of them. */
  #shares(): ReadonlyMap<PeerName, readonly Place[]> {
    return Map.groupBy(this.#unproven(), ({ from }) => from)
  }

  /** Of what the peer told that told most, the oldest goes. */
  #makeRoom(): void {
    while (this.#unproven().length > this.#unprovenLimit()) {
      const [most = []] = [...this.#shares().values()].toSorted((a, b) => b.length - a.length)
      const [oldest] = most.toSorted((a, b) => a.notice.issuedMs - b.notice.issuedMs)
      if (oldest === undefined) return
      this.#places.delete(oldest.notice.peer)
    }
  }
}

function rangeOfFirst([address]: readonly Multiaddr[]): string | undefined {
  return address === undefined ? undefined : publicRange(address)
}

function saysTheSame(one: Notice, other: Notice): boolean {
  return one.donatedBytes === other.donatedBytes && Buffer.compare(one.slices, other.slices) === 0
}
