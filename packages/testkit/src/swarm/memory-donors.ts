import type { Donation, Donor, PeerName } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'

/** Donors of a network without wires: what one says is known to all at once. */
export class MemoryDonors {
  readonly #donors = new Map<RepositoryId, Map<PeerName, Donor>>()
  readonly #listeners = new Set<(repository: RepositoryId) => void>()

  /** Say what a peer donates from now on; undefined for nothing. */
  tell(
    repository: RepositoryId,
    who: Pick<Donor, 'peer' | 'issuedMs' | 'range'>,
    donation: Donation | undefined,
  ): void {
    const donors = this.#donors.get(repository) ?? new Map<PeerName, Donor>()
    this.#donors.set(repository, donors)
    if (donation === undefined) donors.delete(who.peer)
    else donors.set(who.peer, { ...who, ...donation })
    this.changed(repository)
  }

  of(repository: RepositoryId): readonly Donor[] {
    return [...(this.#donors.get(repository)?.values() ?? [])]
  }

  /** The peer has come or gone: what it donates may count again or no more. */
  moved(peer: PeerName): void {
    for (const [repository, donors] of this.#donors) {
      if (donors.has(peer)) this.changed(repository)
    }
  }

  changed(repository: RepositoryId): void {
    for (const listener of this.#listeners) listener(repository)
  }

  onChange(listener: (repository: RepositoryId) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
