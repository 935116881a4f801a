import type { RepositoryPath } from '@jarswarm/maven'
import type { RepositoryId } from '@jarswarm/trust'
import { LRUCache } from 'lru-cache'
import { MAX_MISSED_FILES } from './limits.ts'

/**
 * In which order clients ask repositories. Nobody says so, but who finds a file in the second repository has just been told
 * by the first one that it has none.
 */
export class ClientOrder {
  readonly #missed = new LRUCache<RepositoryPath, Set<RepositoryId>>({ max: MAX_MISSED_FILES })
  /** Which repositories were asked before the one in which a file was found. */
  readonly #before = new Map<RepositoryId, ReadonlySet<RepositoryId>>()

  missed(repository: RepositoryId, path: RepositoryPath): void {
    const missed = this.#missed.get(path) ?? new Set()
    this.#missed.set(path, missed.add(repository))
  }

  /** A client found a file; what it asked before is how it will go on. */
  found(repository: RepositoryId, path: RepositoryPath): void {
    const missed = this.#missed.get(path)
    this.#missed.delete(path)
    if (missed !== undefined || !this.#before.has(repository)) {
      this.#before.set(repository, missed ?? new Set())
    }
    for (const id of missed ?? []) {
      if (this.#before.get(id)?.has(repository) === true) this.#before.delete(id)
    }
  }

  /** Those that are asked before a repository, then it, then all others. */
  sort<T extends { readonly id: RepositoryId }>(sources: readonly T[], first: RepositoryId): T[] {
    const before = this.#before.get(first)
    const rank = ({ id }: T): number => (before?.has(id) === true ? 0 : id === first ? 1 : 2)
    return sources.toSorted((one, other) => rank(one) - rank(other))
  }
}
