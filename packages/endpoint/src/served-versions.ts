import type { IndexEntry } from '@jarswarm/manifest'
import type { ArtifactOpener, Clock } from '@jarswarm/ports'
import { LRUCache } from 'lru-cache'
import { MAX_PAIRS } from './limits.ts'

/** A client asks for the sidecar right after the file; a slow one within this time. */
const PAIR_MS = 10_000

/** A version of a file, and what opens it. */
export interface ServedVersion {
  readonly entry: IndexEntry
  readonly opener: ArtifactOpener
}

/**
 * Remembers for 10 s which version of a mutable file went out, so that a sidecar asked for right after it is of the
 * same version even when a new head came in between.
 */
export class ServedVersions {
  readonly #clock: Clock
  readonly #served = new LRUCache<string, ServedVersion & { readonly atMs: number }>({
    max: MAX_PAIRS,
  })

  constructor(clock: Clock) {
    this.#clock = clock
  }

  served(repository: string, version: ServedVersion): void {
    const key = `${repository}/${version.entry.path}`
    this.#served.set(key, { ...version, atMs: this.#clock.now() })
  }

  /** The version that went out last, when that is not long ago. */
  recent(repository: string, path: string): ServedVersion | undefined {
    const served = this.#served.get(`${repository}/${path}`)
    if (served === undefined || this.#clock.now() - served.atMs > PAIR_MS) return undefined
    return served
  }
}
