import type { Digest } from '@jarswarm/manifest'

/** Counts who needs a blob to stay. */
export class BlobHolds {
  readonly #counts = new Map<Digest, number>()

  has(digest: Digest): boolean {
    return this.#counts.has(digest)
  }

  hold(digest: Digest): { release(): void } {
    this.#counts.set(digest, (this.#counts.get(digest) ?? 0) + 1)
    let released = false
    return {
      release: () => {
        if (released) return
        released = true
        const left = (this.#counts.get(digest) ?? 1) - 1
        if (left === 0) this.#counts.delete(digest)
        else this.#counts.set(digest, left)
      },
    }
  }
}
