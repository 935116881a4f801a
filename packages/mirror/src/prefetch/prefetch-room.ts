import type { RepositoryPath } from '@jarswarm/maven'
import { NoSpaceError } from '@jarswarm/ports'
import type { BlobStore, Clock } from '@jarswarm/ports'
import { LRUCache } from 'lru-cache'
import { MAX_WATCHED_FILES, PREFETCH_SHARE } from './limits.ts'

/** What was fetched ahead in vain is forgiven after so long: an unused eighth a day flushes no store of a week's builds. */
export const PREFETCH_RENEW_MS = 86_400_000

export interface PrefetchRoomComponents {
  readonly blobs: Pick<BlobStore, 'usage'>
  readonly clock: Clock
}

/**
 * How much may be fetched ahead into the store. What is free may be filled. A store that is full, as that of a node in
 * daily use is, gives up what was used longest ago for what a build is about to ask for, but for unused guesses only an eighth of
 * itself in a day.
 */
export class PrefetchRoom {
  readonly #components: PrefetchRoomComponents
  /** Sizes of what was fetched into a full store and not used yet. */
  readonly #counted = new LRUCache<RepositoryPath, number>({ max: MAX_WATCHED_FILES })
  #countedBytes = 0
  #countedSinceMs = 0
  /** Of files that are on their way, and not yet in what the store says it holds. */
  #comingBytes = 0

  constructor(components: PrefetchRoomComponents) {
    this.#components = components
  }

  /**
   * Set room aside for a file that is about to be fetched; end with `settle`.
   *
   * @param sizeBytes 0 while nobody knows it
   * @throws {NoSpaceError} when storing it would push out too much
   */
  take(path: RepositoryPath, sizeBytes: number): void {
    const leftBytes = this.#leftBytes()
    if (sizeBytes >= leftBytes) {
      const allowedBytes = this.#allowedBytes()
      if (sizeBytes >= allowedBytes) {
        throw new NoSpaceError(
          `Cannot fetch ${path} ahead: found room for ${Math.max(leftBytes, allowedBytes, 0)} bytes, wanted ${sizeBytes}`,
        )
      }
      this.#count(path, sizeBytes)
    }
    this.#comingBytes += sizeBytes
  }

  /**
   * A file has come, or does not.
   *
   * @param takenBytes as told to `take`
   * @param storedBytes 0 when it did not come
   */
  settle(path: RepositoryPath, takenBytes: number, storedBytes: number): void {
    this.#comingBytes -= takenBytes
    if (storedBytes === 0) this.used(path)
    else if (takenBytes === 0 && this.#leftBytes() <= 0) this.#count(path, storedBytes)
  }

  /** A client asked for a file: it is no guess any more. */
  used(path: RepositoryPath): void {
    this.#countedBytes -= this.#counted.get(path) ?? 0
    this.#counted.delete(path)
  }

  #leftBytes(): number {
    const { bytes, quotaBytes } = this.#components.blobs.usage()
    return quotaBytes - bytes - this.#comingBytes
  }

  #allowedBytes(): number {
    const nowMs = this.#components.clock.now()
    if (nowMs - this.#countedSinceMs >= PREFETCH_RENEW_MS) {
      this.#counted.clear()
      this.#countedBytes = 0
      this.#countedSinceMs = nowMs
    }
    return this.#components.blobs.usage().quotaBytes * PREFETCH_SHARE - this.#countedBytes
  }

  #count(path: RepositoryPath, sizeBytes: number): void {
    this.used(path)
    this.#counted.set(path, sizeBytes)
    this.#countedBytes += sizeBytes
  }
}
