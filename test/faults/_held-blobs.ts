/** A blob that a node holds. */
interface Held {
  /** Number of the event since which it holds it without a break. */
  readonly since: number
  readonly sizeBytes: number
}

/** What a node has room for, and what it needs of it. */
interface Room {
  quotaBytes: number
  heldBytes: number
  /** Of what is being stored. */
  wantedBytes: number
}

/** Which node holds which blobs, since which event without a break, and whether they fit. */
export class HeldBlobs {
  readonly #held = new Map<string, Map<string, Held>>()
  readonly #rooms = new Map<string, Room>()

  stored(node: string, digest: string, held: Held): void {
    const blobs = this.#of(node)
    if (blobs.has(digest)) return
    blobs.set(digest, held)
    this.#room(node).heldBytes += held.sizeBytes
  }

  dropped(node: string, digest: string): void {
    const blobs = this.#of(node)
    this.#room(node).heldBytes -= blobs.get(digest)?.sizeBytes ?? 0
    blobs.delete(digest)
  }

  /** A node starts: nothing is being stored. */
  started(node: string, quotaBytes: number): void {
    Object.assign(this.#room(node), { quotaBytes, wantedBytes: 0 })
  }

  wanted(node: string, sizeBytes: number): void {
    this.#room(node).wantedBytes += sizeBytes
  }

  /** Whether what a node holds and what it is storing are more than it may keep. */
  lacksRoom(node: string): boolean {
    const { quotaBytes, heldBytes, wantedBytes } = this.#room(node)
    return heldBytes + wantedBytes > quotaBytes
  }

  /** Digests, in no order. */
  of(node: string): Iterable<string> {
    return this.#of(node).keys()
  }

  /** Whether a node had a blob when so many events were logged, and ever since. */
  heldSince(node: string, digest: string, event: number): boolean {
    const held = this.#of(node).get(digest)
    return held !== undefined && held.since <= event
  }

  #of(node: string): Map<string, Held> {
    const blobs = this.#held.get(node) ?? new Map<string, Held>()
    this.#held.set(node, blobs)
    return blobs
  }

  #room(node: string): Room {
    const room = this.#rooms.get(node) ?? { quotaBytes: Infinity, heldBytes: 0, wantedBytes: 0 }
    this.#rooms.set(node, room)
    return room
  }
}
