import type { Digest } from '@jarswarm/manifest'
import type { PrefetchCounts } from '@jarswarm/ports'

/** Files whose use is watched for; older ones count as never used. */
export const MAX_WATCHED_FILES = 50_000

interface Watched {
  stored: boolean
  used: boolean
}

/** Counts what was fetched ahead, and how much of it a client asked for: while it was coming, or later. */
export class PrefetchTally {
  readonly #watched = new Map<Digest, Watched>()
  #files = 0
  #used = 0

  /** A file is about to be fetched. */
  began(digest: Digest): void {
    this.#watched.set(digest, { stored: false, used: false })
    if (this.#watched.size <= MAX_WATCHED_FILES) return
    const [oldest] = this.#watched.keys()
    if (oldest !== undefined) this.#watched.delete(oldest)
  }

  /** It is here. */
  stored(digest: Digest): void {
    this.#files += 1
    this.#update(digest, { stored: true })
  }

  /** It could not be had. */
  failed(digest: Digest): void {
    this.#watched.delete(digest)
  }

  /** A client asks for a file, whoever fetched it. */
  used(digest: Digest): void {
    this.#update(digest, { used: true })
  }

  counts(): PrefetchCounts {
    return { files: this.#files, used: this.#used }
  }

  #update(digest: Digest, change: Partial<Watched>): void {
    const watched = this.#watched.get(digest)
    if (watched === undefined) return
    Object.assign(watched, change)
    if (!watched.stored || !watched.used) return
    this.#used += 1
    this.#watched.delete(digest)
  }
}
