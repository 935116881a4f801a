import type { Digest } from '@jarswarm/manifest'
import type { ArtifactContent } from '@jarswarm/ports'
import { LRUCache } from 'lru-cache'
import { MAX_UNSTORED_BYTES } from './limits.ts'

/** Small checked files that the store has no room for: a build goes on while the disk is full. */
export class UnstoredFiles {
  readonly #files = new LRUCache<Digest, Uint8Array>({
    maxSize: MAX_UNSTORED_BYTES,
    sizeCalculation: (bytes) => Math.max(1, bytes.length),
  })

  add(digest: Digest, bytes: Uint8Array): void {
    this.#files.set(digest, bytes)
  }

  has(digest: Digest): boolean {
    return this.#files.has(digest)
  }

  read(digest: Digest): Uint8Array | undefined {
    return this.#files.get(digest)
  }

  open(digest: Digest): ArtifactContent | undefined {
    const bytes = this.#files.get(digest)
    if (bytes === undefined) return undefined
    return {
      source: 'store',
      sizeBytes: bytes.length,
      async *read({ offset, length }) {
        yield await Promise.resolve(bytes.subarray(offset, offset + length))
      },
      release: () => undefined,
    }
  }
}
