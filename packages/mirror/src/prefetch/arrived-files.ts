import type { Digest } from '@jarswarm/manifest'
import { LRUCache } from 'lru-cache'
import type { ArrivedBlob } from '../fetch/blob-fetcher.ts'
import { MAX_ARRIVED_BYTES, MAX_STORING_FILES } from './limits.ts'

/**
 * Small files that were fetched ahead, from when they are verified: in memory for the client that is about to ask, and on
 * their way to the disk, for which neither it nor the walk waits. One for all sessions, with a memory of its own: guesses push
 * out nothing but older guesses.
 */
export class ArrivedFiles {
  readonly #bytes = new LRUCache<Digest, Uint8Array>({
    maxSize: MAX_ARRIVED_BYTES,
    sizeCalculation: (bytes) => Math.max(1, bytes.length),
  })
  readonly #storing = new Set<Promise<void>>()

  /**
   * Keep a file.
   *
   * @param blob.stored must not reject
   * @returns resolves at once while few files wait for the disk, else when this one does no more
   */
  async add(digest: Digest, { bytes, stored }: ArrivedBlob): Promise<void> {
    // A copy: what came may be a part of a message that is larger than it.
    const own = Buffer.from(new ArrayBuffer(bytes.length))
    own.set(bytes)
    this.#bytes.set(digest, own)
    const storing = stored.finally(() => this.#storing.delete(storing))
    this.#storing.add(storing)
    if (this.#storing.size > MAX_STORING_FILES) await storing
  }

  /** The bytes of a file, once: whoever takes them keeps them. */
  take(digest: Digest): Uint8Array | undefined {
    const bytes = this.#bytes.get(digest)
    this.#bytes.delete(digest)
    return bytes
  }

  /** Keep nothing in memory: nobody is about to ask. What waits for the disk goes on. */
  forget(): void {
    this.#bytes.clear()
  }

  /** Resolves when nothing waits for the disk. */
  async settled(): Promise<void> {
    await Promise.all(this.#storing)
  }
}
