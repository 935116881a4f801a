import type { Ed25519PrivateKey } from '@libp2p/interface'
import type { Clock, Donation, Donor, Logger, PeerName } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Contacts } from '../contacts.ts'
import { ProtocolError } from '../exchange/errors.ts'
import { KIND } from '../exchange/message.ts'
import type { LaneRequest } from '../exchange/request-lane.ts'
import type { Requester } from '../exchange/requester.ts'
import type { SwarmLimits } from '../limits.ts'
import type { PeerChoice } from '../peer-choice.ts'
import { MAX_NOTICES_BYTES } from './limits.ts'
import { verifyNotice } from './notice.ts'
import type { Notice, SignedNotice } from './notice.ts'
import { NoticeBoard } from './notice-board.ts'
import { formatKnown, formatNotices, parseKnown, parseNotices } from './notice-messages.ts'
import { NoticePull } from './notice-pull.ts'
import { OwnNotice } from './own-notice.ts'

export interface RepositoryDonorsComponents {
  readonly clock: Clock
  readonly logger: Logger
  /** A number in [0, 1). */
  readonly random: () => number
  /** Signs the notices of this node. */
  readonly key: Ed25519PrivateKey
  readonly self: PeerName
  readonly contacts: Pick<Contacts, 'connectedFrom' | 'ownAddresses'>
  readonly choice: Pick<PeerChoice, 'isBanned' | 'trustedFollowers'>
  readonly requester: Pick<Requester, 'ask'>
  /** A peer handed on a notice that its donor did not sign. */
  readonly onForgery: (peer: PeerName) => void
  readonly onChange: (repository: RepositoryId) => void
}

export interface RepositoryDonorsInit extends Pick<
  SwarmLimits,
  'noticeIntervalMs' | 'noticeDebounceMs' | 'noticePullMs'
> {
  readonly repository: RepositoryId
}

/** Who donates to one repository: this node tells what it does, and hears of the others by asking its peers. */
export class RepositoryDonors {
  readonly #components: RepositoryDonorsComponents
  readonly #repository: RepositoryId
  readonly #board: NoticeBoard
  readonly #own: OwnNotice
  readonly #pull: NoticePull

  constructor(components: RepositoryDonorsComponents, init: RepositoryDonorsInit) {
    const { clock, logger, random, key, contacts, choice } = components
    const { repository } = init
    this.#components = components
    this.#repository = repository
    this.#board = new NoticeBoard(clock)
    this.#own = new OwnNotice(
      {
        clock,
        logger,
        key,
        addresses: () => contacts.ownAddresses(),
        donors: () => this.#board.size,
      },
      { repository, intervalMs: init.noticeIntervalMs, debounceMs: init.noticeDebounceMs },
    )
    this.#pull = new NoticePull(
      {
        clock,
        random,
        followers: () => choice.trustedFollowers(repository),
        pull: (peer) => this.#round(peer),
      },
      { intervalMs: init.noticePullMs },
    )
  }

  start(): void {
    this.#own.start()
    this.#pull.start()
  }

  stop(): void {
    this.#own.stop()
    this.#pull.stop()
  }

  donate(donation: Donation | undefined): void {
    this.#own.donate(donation)
  }

  donors(): readonly Donor[] {
    return this.#board.donors().filter(({ peer }) => !this.#components.choice.isBanned(peer))
  }

  knows(peer: PeerName): boolean {
    return this.#board.find(peer) !== undefined
  }

  prove(peer: PeerName, proven: boolean): void {
    this.#board.prove(peer, proven)
  }

  /** The addresses of this node may have changed. */
  readdressed(): void {
    this.#own.readdressed()
  }

  /** A peer that follows the repository connected. */
  joined(peer: PeerName): void {
    this.#pull.joined(peer)
    this.#meet(peer)
  }

  /** Where a donor says that it is reached. */
  addressesOf(peer: PeerName): readonly Multiaddr[] {
    return this.#board.find(peer)?.addresses ?? []
  }

  /**
   * What a follower who asks is told.
   *
   * @returns undefined when the request is malformed
   */
  answer(payload: Uint8Array): Uint8Array | undefined {
    const known = parseKnown(payload)
    if (known === undefined) return undefined
    const { current } = this.#own
    // Its own first, for nobody else may have it; the others by chance, so that all get about.
    const others = this.#shuffled(this.#board.notices())
    return formatNotices(current === undefined ? others : [current, ...others], known)
  }

  async #round(peer: PeerName | undefined): Promise<void> {
    const seen = { changed: this.#board.expire() }
    if (peer !== undefined) await this.#pullFrom(peer, seen)
    if (seen.changed) this.#components.onChange(this.#repository)
  }

  async #pullFrom(peer: PeerName, seen: { changed: boolean }): Promise<void> {
    const { requester, logger } = this.#components
    try {
      const answer = await requester.ask(peer, this.#request(peer))
      await this.#takeAll(parseNotices(answer), peer, seen)
    } catch (error) {
      logger.debug({ peer, error }, 'a follower could not be asked for donors')
    }
  }

  #request(peer: PeerName): LaneRequest {
    return {
      what: 'notices of donors',
      kind: KIND.donors,
      repository: this.#repository,
      payload: formatKnown(this.#board.roomFor(peer), this.#board.notices()),
      costBytes: MAX_NOTICES_BYTES,
      exactBytes: undefined,
      maxBytes: MAX_NOTICES_BYTES,
    }
  }

  async #takeAll(
    notices: readonly SignedNotice[],
    from: PeerName,
    seen: { changed: boolean },
  ): Promise<void> {
    for (const notice of notices) {
      if (!this.#isWanted(notice, from)) continue
      const verified = await this.#verified(notice, from)
      // An honest peer hands on what it has verified itself: nothing more of this one is worth the work.
      if (verified === undefined) return
      if (this.#board.take(verified, from)) seen.changed = true
      this.#meet(notice.peer)
    }
  }

  #isWanted(notice: SignedNotice, from: PeerName): boolean {
    const { self } = this.#components
    return (
      notice.repository === this.#repository &&
      notice.peer !== self &&
      this.#board.wants(notice, from)
    )
  }

  async #verified(notice: SignedNotice, from: PeerName): Promise<Notice | undefined> {
    try {
      return await verifyNotice(notice)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#components.logger.warn({ peer: from, error }, 'a peer handed on a forged notice')
      this.#components.onForgery(from)
      return undefined
    }
  }

  #meet(peer: PeerName): void {
    const met = this.#components.contacts.connectedFrom(peer)
    if (met !== undefined) this.#board.met(peer, met.range)
  }

  #shuffled(notices: readonly Notice[]): readonly Notice[] {
    return notices
      .map((notice) => ({ notice, rank: this.#components.random() }))
      .toSorted((one, other) => one.rank - other.rank)
      .map(({ notice }) => notice)
  }
}
