import type { SourceKind } from '@jarswarm/ports'
import type { ServedStatus } from './status.ts'

interface Tally {
  requests: number
  bytes: number
  readonly bySource: Record<SourceKind, number>
}

/** What is to be counted of one answer. */
export interface ServedAnswer {
  readonly bytes: number
  readonly source: SourceKind | undefined
  /** Name of the repository when it is a proxied one. */
  readonly proxied?: string | undefined
}

/** Counts what the endpoint answered since it was made; what nobody signed is counted apart, by repository. */
export class ServedCounter {
  readonly #indexed = newTally()
  /** At most one for each proxied repository that the node was started with. */
  readonly #proxied = new Map<string, Tally>()

  count({ bytes, source, proxied }: ServedAnswer): void {
    const tally = proxied === undefined ? this.#indexed : this.#tallyOf(proxied)
    tally.requests += 1
    tally.bytes += bytes
    if (source !== undefined) tally.bySource[source] += 1
  }

  /** @param proxied name of a proxied repository; without one, everything else */
  read(proxied?: string): ServedStatus {
    const tally = proxied === undefined ? this.#indexed : this.#tallyOf(proxied)
    return { ...tally, bySource: { ...tally.bySource } }
  }

  #tallyOf(name: string): Tally {
    const tally = this.#proxied.get(name) ?? newTally()
    this.#proxied.set(name, tally)
    return tally
  }
}

function newTally(): Tally {
  return { requests: 0, bytes: 0, bySource: { store: 0, peer: 0, mirror: 0, origin: 0 } }
}
