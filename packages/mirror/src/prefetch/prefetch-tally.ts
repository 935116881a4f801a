import type { RepositoryPath } from '@jarswarm/maven'
import type { PrefetchCounts } from '@jarswarm/ports'
import { MAX_WATCHED_FILES } from './limits.ts'

interface Watched {
  stored: boolean
  used: boolean
}

/** Counts what was fetched ahead, and how much of it a client asked for: while it was coming, or later. */
export class PrefetchTally {
  readonly #watched = new Map<RepositoryPath, Watched>()
  #files = 0
  #used = 0

  /** A file is about to be fetched. */
  began(path: RepositoryPath): void {
    this.#watched.set(path, { stored: false, used: false })
    if (this.#watched.size <= MAX_WATCHED_FILES) return
    const [oldest] = this.#watched.keys()
    if (oldest !== undefined) this.#watched.delete(oldest)
  }

  /** It is here. */
  stored(path: RepositoryPath): void {
    this.#files += 1
    this.#update(path, { stored: true })
  }

  /** It could not be had. */
  failed(path: RepositoryPath): void {
    this.#watched.delete(path)
  }

  /** A client asks for a file, whoever fetched it. */
  used(path: RepositoryPath): void {
    this.#update(path, { used: true })
  }

  counts(): PrefetchCounts {
    return { files: this.#files, used: this.#used }
  }

  #update(path: RepositoryPath, change: Partial<Watched>): void {
    const watched = this.#watched.get(path)
    if (watched === undefined) return
    Object.assign(watched, change)
    if (!watched.stored || !watched.used) return
    this.#used += 1
    this.#watched.delete(path)
  }
}
