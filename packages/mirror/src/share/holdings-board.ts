import type { Digest, Head, IndexEntry } from '@jarswarm/manifest'
import type { Holdings, HoldingsChange } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { MAX_HELD_BLOBS } from '../limits.ts'
import type { HeldBlobs } from './held-blobs.ts'

export interface HoldingsBoardComponents {
  readonly held: HeldBlobs
  /** Called after the holdings changed in a way that the DHT should hear of. */
  readonly onChange: () => void
}

export interface HoldingsBoardInit {
  readonly repository: RepositoryId
  /** Whether everything is mirrored, so that one day all of a head is here. */
  readonly mirrorsAll: boolean
}

/** What a repository holds, as peers are told: which blobs, and whether they are all. */
export class HoldingsBoard {
  readonly #components: HoldingsBoardComponents
  readonly #init: HoldingsBoardInit
  readonly #listeners = new Set<(change: HoldingsChange) => void>()
  #completeToSeq: number | undefined
  /** What came since everything of that head was here, or in the midst of it. */
  readonly #since = new Set<Digest>()

  constructor(components: HoldingsBoardComponents, init: HoldingsBoardInit) {
    this.#components = components
    this.#init = init
  }

  /** Whether everything is here as of some head; what a newer one names may be missing. */
  get isComplete(): boolean {
    return this.#completeToSeq !== undefined
  }

  holdings(): Holdings {
    const { held } = this.#components
    return {
      completeToSeq: this.#completeToSeq,
      since: this.#since,
      async *blobs() {
        await Promise.resolve()
        yield* held.digests()
      },
    }
  }

  onChange(listener: (change: HoldingsChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Compare the store with the index again. */
  async scan(signal: AbortSignal): Promise<void> {
    const added = await this.#components.held.scan(signal)
    if (added.length > 0) this.#tell(added, [])
    this.#components.onChange()
  }

  stored(entry: IndexEntry): void {
    const addition = this.#components.held.add(entry)
    if (addition === 'none') return
    if (this.isComplete && this.#since.size < MAX_HELD_BLOBS) this.#since.add(entry.digest)
    // Of what cannot be listed, what came since everything was here is told all the same.
    else if (addition === 'unlisted') return
    this.#tell([entry.digest], [])
    this.#components.onChange()
  }

  /** @returns whether the blob was one of this repository */
  removed(digest: Digest): boolean {
    if (!this.#components.held.remove(digest)) return false
    this.#completeToSeq = undefined
    this.#since.clear()
    this.#tell([], [digest])
    return true
  }

  /**
   * Everything that the mirror policy names is here, as of a head.
   *
   * @param isNewest whether nothing that came may be of a newer one
   */
  filled(head: Head, isNewest: boolean): void {
    if (!this.#init.mirrorsAll || head.seq <= (this.#completeToSeq ?? -1)) return
    this.#completeToSeq = head.seq
    if (isNewest) this.#since.clear()
    this.#tell([], [])
    this.#components.onChange()
  }

  #tell(added: readonly Digest[], removed: readonly Digest[]): void {
    const change = {
      repository: this.#init.repository,
      added,
      removed,
      completeToSeq: this.#completeToSeq,
    }
    for (const listener of this.#listeners) listener(change)
  }
}
