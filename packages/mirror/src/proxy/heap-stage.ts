import type { ByteRange, StagedWriter } from '@jarswarm/ports'
import type { HeapBudget } from './heap-budget.ts'

/** A large file in the making while the disk has no room for it: it is served and not kept. */
export class HeapStage implements StagedWriter {
  readonly #budget: HeapBudget
  readonly #bytes: Uint8Array
  #counted = true

  /** @throws {NoSpaceError} when the heap has no room either */
  constructor(budget: HeapBudget, sizeBytes: number) {
    budget.take(sizeBytes)
    this.#budget = budget
    this.#bytes = new Uint8Array(sizeBytes)
  }

  write(offset: number, bytes: Uint8Array): Promise<void> {
    this.#bytes.set(bytes, offset)
    return Promise.resolve()
  }

  /** Works after the end, too, for as long as somebody keeps the stage. */
  read({ offset, length }: ByteRange): Promise<Uint8Array> {
    return Promise.resolve(this.#bytes.subarray(offset, offset + length))
  }

  /** The bytes stay, and stay counted, until `abort`. */
  commit(): Promise<void> {
    return Promise.resolve()
  }

  abort(): Promise<void> {
    if (this.#counted) this.#budget.give(this.#bytes.length)
    this.#counted = false
    return Promise.resolve()
  }
}
