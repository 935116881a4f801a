import type { Digest } from '@jarswarm/manifest'
import { MAX_CLAIMS } from '../limits.ts'

/**
 * The first 32 bits of a digest. Among 100 000 blobs one digest in 40 000 is claimed by mistake, which costs
 * one request in vain.
 */
export function claimOf(digest: Digest): number {
  return Number.parseInt(digest.slice(0, 8), 16)
}

/** What a peer says it holds of one repository: sorted claims, 4 bytes each. */
export class Claims {
  #sorted: Uint32Array
  /** The peer holds every blob of the index up to this head. */
  completeToSeq: number | undefined

  constructor(sorted: Uint32Array = new Uint32Array(0)) {
    this.#sorted = sorted
  }

  get size(): number {
    return this.#sorted.length
  }

  has(claim: number, leastSeq = 0): boolean {
    if (this.completeToSeq !== undefined && this.completeToSeq >= leastSeq) return true
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#sorted[middle] ?? 0) < claim) low = middle + 1
      else high = middle
    }
    return this.#sorted[low] === claim
  }

  /** Add and remove; what would exceed `MAX_CLAIMS` is left out, for a claim is only a hint. */
  apply(change: { readonly added: Uint32Array; readonly removed: Uint32Array }): void {
    const removed = new Set(change.removed)
    const merged = new Uint32Array(this.#sorted.length + change.added.length)
    merged.set(this.#sorted)
    merged.set(change.added, this.#sorted.length)
    merged.sort()
    let length = 0
    for (const claim of merged) {
      if (length === MAX_CLAIMS) break
      if ((length > 0 && merged[length - 1] === claim) || removed.has(claim)) continue
      merged[length] = claim
      length += 1
    }
    this.#sorted = merged.slice(0, length)
  }
}
