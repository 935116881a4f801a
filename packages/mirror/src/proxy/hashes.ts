import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import type { ChecksumKind } from '@jarswarm/ports'

/** The digests of a file, made as its bytes come: those that name it, and the one that its origin states. */
export class Hashes {
  readonly #hashes = new Map<ChecksumKind, Hash>()

  constructor(stated: ChecksumKind) {
    for (const kind of ['sha256', 'sha1', stated] as const) {
      if (!this.#hashes.has(kind)) this.#hashes.set(kind, createHash(kind))
    }
  }

  update(bytes: Uint8Array): void {
    for (const hash of this.#hashes.values()) hash.update(bytes)
  }

  /** Lower-case hex digits by kind. To be called once. */
  digests(): ReadonlyMap<ChecksumKind, string> {
    return new Map([...this.#hashes].map(([kind, hash]) => [kind, hash.digest('hex')]))
  }
}
