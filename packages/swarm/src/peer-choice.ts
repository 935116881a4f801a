import type { Digest } from '@jarswarm/manifest'
import type { PeerName, PeerStatus } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import type { BanList } from './ban-list.ts'
import type { PeerBook } from './peer-book.ts'

/** Which of the peers in the book are asked, and in what order, after what is held against them. */
export class PeerChoice {
  readonly #book: PeerBook
  readonly #bans: Pick<BanList, 'isAvoided' | 'isBanned'>

  constructor(book: PeerBook, bans: Pick<BanList, 'isAvoided' | 'isBanned'>) {
    this.#book = book
    this.#bans = bans
  }

  statuses(ours: readonly RepositoryId[]): readonly PeerStatus[] {
    return this.#book.statuses(ours, (peer) => this.#bans.isBanned(peer))
  }

  /** Those that claim a blob, nearest first. */
  claimants(repository: RepositoryId, digest: Digest, leastSeq?: number): readonly PeerName[] {
    return this.#book
      .claimants(repository, digest, leastSeq)
      .map(({ peer }) => peer)
      .filter((peer) => !this.#bans.isAvoided(peer))
  }

  /** Those that follow a repository, nearest first, and that sent no wrong bytes lately. */
  trustedFollowers(repository: RepositoryId): readonly PeerName[] {
    return this.#book
      .followers(repository)
      .map(({ peer }) => peer)
      .filter((peer) => !this.#bans.isAvoided(peer))
  }

  /** The same, and after them those that did. */
  followers(repository: RepositoryId): readonly PeerName[] {
    const avoided = this.#book
      .followers(repository)
      .map(({ peer }) => peer)
      .filter((peer) => this.#bans.isAvoided(peer) && !this.#bans.isBanned(peer))
    return [...this.trustedFollowers(repository), ...avoided]
  }

  isBanned(peer: PeerName): boolean {
    return this.#bans.isBanned(peer)
  }

  follows(peer: PeerName, repository: RepositoryId): boolean {
    return this.#book.get(peer)?.repositories.has(repository) === true
  }
}
