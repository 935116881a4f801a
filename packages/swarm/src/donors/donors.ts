import type { Donation, Donor, PeerName } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import type { Multiaddr } from '@multiformats/multiaddr'
import { RepositoryDonors } from './repository-donors.ts'
import type { RepositoryDonorsComponents, RepositoryDonorsInit } from './repository-donors.ts'

export interface DonorsInit extends Omit<RepositoryDonorsInit, 'repository'> {
  readonly repositories: readonly RepositoryId[]
}

type Listener = (repository: RepositoryId) => void

/** Who donates space to each of the repositories that a node follows. */
export class Donors {
  readonly #byRepository: ReadonlyMap<RepositoryId, RepositoryDonors>
  readonly #listeners = new Set<Listener>()

  constructor(components: Omit<RepositoryDonorsComponents, 'onChange'>, init: DonorsInit) {
    const onChange = (repository: RepositoryId): void => {
      this.#tell(repository)
    }
    this.#byRepository = new Map(
      init.repositories.map((repository) => [
        repository,
        new RepositoryDonors({ ...components, onChange }, { ...init, repository }),
      ]),
    )
  }

  start(): void {
    for (const donors of this.#byRepository.values()) donors.start()
  }

  stop(): void {
    for (const donors of this.#byRepository.values()) donors.stop()
  }

  /** Does nothing for a repository that the node does not follow. */
  donate(repository: RepositoryId, donation: Donation | undefined): void {
    this.#byRepository.get(repository)?.donate(donation)
  }

  donorsOf(repository: RepositoryId): readonly Donor[] {
    return this.#byRepository.get(repository)?.donors() ?? []
  }

  prove(repository: RepositoryId, peer: PeerName, proven: boolean): void {
    this.#byRepository.get(repository)?.prove(peer, proven)
  }

  onChange(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A peer that follows some of the repositories connected. */
  joined(peer: PeerName, repositories: readonly RepositoryId[]): void {
    for (const repository of repositories) this.#byRepository.get(repository)?.joined(peer)
  }

  /** A peer is banned from now on. */
  banned(peer: PeerName): void {
    for (const [repository, donors] of this.#byRepository) {
      if (donors.knows(peer)) this.#tell(repository)
    }
  }

  /** The addresses of this node may have changed. */
  readdressed(): void {
    for (const donors of this.#byRepository.values()) donors.readdressed()
  }

  /** Where a peer is reached, if it is a donor that says so. */
  addressesOf(peer: PeerName): readonly Multiaddr[] {
    return [...this.#byRepository.values()].flatMap((donors) => donors.addressesOf(peer))
  }

  /**
   * What a follower of a repository who asks is told.
   *
   * @returns undefined when the request is malformed
   */
  answer(repository: RepositoryId, payload: Uint8Array): Uint8Array | undefined {
    return this.#byRepository.get(repository)?.answer(payload)
  }

  #tell(repository: RepositoryId): void {
    for (const listener of this.#listeners) listener(repository)
  }
}
