/** Which node holds which blobs, and since which event without a break. */
export class HeldBlobs {
  readonly #since = new Map<string, Map<string, number>>()

  stored(node: string, digest: string, event: number): void {
    const blobs = this.#of(node)
    if (!blobs.has(digest)) blobs.set(digest, event)
  }

  dropped(node: string, digest: string): void {
    this.#of(node).delete(digest)
  }

  /** Digests, in no order. */
  of(node: string): Iterable<string> {
    return this.#of(node).keys()
  }

  /** Whether a node had a blob when so many events were logged, and ever since. */
  heldSince(node: string, digest: string, event: number): boolean {
    const since = this.#of(node).get(digest)
    return since !== undefined && since <= event
  }

  #of(node: string): Map<string, number> {
    const blobs = this.#since.get(node) ?? new Map<string, number>()
    this.#since.set(node, blobs)
    return blobs
  }
}
