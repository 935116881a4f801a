import type { SourceKind } from '@jarswarm/ports'
import type { ServedStatus } from './status.ts'

/** Counts what the endpoint answered since it was made. */
export class ServedCounter {
  #requests = 0
  #bytes = 0
  readonly #bySource: Record<SourceKind, number> = { store: 0, peer: 0, mirror: 0, origin: 0 }

  count(answer: { readonly bytes: number; readonly source: SourceKind | undefined }): void {
    this.#requests += 1
    this.#bytes += answer.bytes
    if (answer.source !== undefined) this.#bySource[answer.source] += 1
  }

  read(): ServedStatus {
    return { requests: this.#requests, bytes: this.#bytes, bySource: { ...this.#bySource } }
  }
}
