import { tilePath } from '@jarswarm/manifest'
import type { Tile } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import { MAX_ACCEPTED_HEADS } from '@jarswarm/ports'
import type { AcceptedHead, AcceptedStep, GoneRelease, HistoryStore } from '@jarswarm/ports'

/** A `HistoryStore` in the heap. */
export class MemoryHistoryStore implements HistoryStore {
  readonly tiles: Map<string, { width: number; bytes: Uint8Array }> = new Map<
    string,
    { width: number; bytes: Uint8Array }
  >()
  readonly #gone = new Map<RepositoryPath, GoneRelease>()
  readonly #heads = new Map<number, AcceptedHead>()
  readonly #maxHeads: number
  #last: Omit<AcceptedStep, 'gone'> | undefined

  constructor(init: { readonly maxHeads?: number } = {}) {
    this.#maxHeads = init.maxHeads ?? MAX_ACCEPTED_HEADS
  }

  readTile({
    level,
    index,
  }: Omit<Tile, 'width'>): Promise<{ width: number; bytes: Uint8Array } | undefined> {
    return Promise.resolve(this.tiles.get(tilePath(level, index, 256)))
  }

  writeTile({ level, index, width }: Tile, bytes: Uint8Array): Promise<void> {
    const key = tilePath(level, index, 256)
    if ((this.tiles.get(key)?.width ?? 0) < width) this.tiles.set(key, { width, bytes })
    return Promise.resolve()
  }

  lastStep(): Promise<Omit<AcceptedStep, 'gone'> | undefined> {
    return Promise.resolve(this.#last)
  }

  accept({ gone, ...step }: AcceptedStep): Promise<void> {
    for (const release of gone) this.#gone.set(release.path, release)
    this.#heads.set(step.head.seq, step.head)
    if (this.#heads.size > this.#maxHeads) this.#heads.delete(Math.min(...this.#heads.keys()))
    this.#last = step
    return Promise.resolve()
  }

  async *heads(): AsyncIterable<AcceptedHead> {
    await Promise.resolve()
    yield* [...this.#heads.values()].sort((a, b) => a.seq - b.seq)
  }

  gone(path: RepositoryPath): Promise<GoneRelease | undefined> {
    return Promise.resolve(this.#gone.get(path))
  }
}
