import { NoSpaceError } from '@jarswarm/ports'
import { MAX_HEAP_BYTES } from './limits.ts'

/** What may be taken of the heap by files on their way. */
export class HeapBudget {
  #takenBytes = 0

  /** @throws {NoSpaceError} when that is too much */
  take(sizeBytes: number): void {
    if (this.#takenBytes + sizeBytes > MAX_HEAP_BYTES) {
      throw new NoSpaceError(
        `Cannot hold ${sizeBytes} bytes more in memory: ${this.#takenBytes} of ${MAX_HEAP_BYTES} are taken`,
      )
    }
    this.#takenBytes += sizeBytes
  }

  give(sizeBytes: number): void {
    this.#takenBytes -= sizeBytes
  }
}
