import type { HoldingsChange, SwarmContent } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { MAX_CLAIMS } from '../limits.ts'
import { claimOf } from './claims.ts'
import type { Summary } from './summary.ts'

/** What this node holds of one repository, kept ready to be told to peers. */
export class OwnHoldings {
  readonly #content: SwarmContent
  readonly #repository: RepositoryId
  readonly #claims = new Set<number>()
  readonly #added = new Set<number>()
  readonly #removed = new Set<number>()
  #completeToSeq: number | undefined
  #loading: Promise<void> | undefined
  #outdated = false

  constructor(content: SwarmContent, repository: RepositoryId) {
    this.#content = content
    this.#repository = repository
  }

  /** Take in a change that the node announced. */
  apply(change: HoldingsChange): void {
    if (this.#completeToSeq !== undefined && change.completeToSeq === undefined) {
      // A mirror that became a cache: what it holds was never counted one by one.
      this.#loading = undefined
      this.#outdated = true
    }
    this.#completeToSeq = change.completeToSeq
    for (const digest of change.added) this.#add(claimOf(digest))
    for (const digest of change.removed) this.#remove(claimOf(digest))
  }

  /** Everything, for a peer that knows nothing yet. */
  async full(): Promise<Summary> {
    await (this.#loading ??= this.#load().catch((error: unknown) => {
      // The next peer gets another try.
      this.#loading = undefined
      throw error
    }))
    const complete = this.#completeToSeq !== undefined
    return {
      reset: true,
      completeToSeq: this.#completeToSeq,
      added: complete ? new Uint32Array(0) : new Uint32Array(this.#claims).sort(),
      removed: new Uint32Array(0),
    }
  }

  /** What changed since the last call, and forget it; everything when that says more. */
  async takeChanges(): Promise<Summary> {
    if (this.#outdated) {
      this.#outdated = false
      return this.full()
    }
    const summary: Summary = {
      reset: false,
      completeToSeq: this.#completeToSeq,
      added: new Uint32Array(this.#added).sort(),
      removed: new Uint32Array(this.#removed).sort(),
    }
    this.#added.clear()
    this.#removed.clear()
    return summary
  }

  async #load(): Promise<void> {
    const holdings = this.#content.holdings(this.#repository)
    this.#completeToSeq = holdings.completeToSeq
    if (holdings.completeToSeq !== undefined) return
    for await (const digest of holdings.blobs()) {
      if (this.#claims.size >= MAX_CLAIMS) return
      this.#claims.add(claimOf(digest))
    }
  }

  #add(claim: number): void {
    if (this.#claims.size >= MAX_CLAIMS) return
    this.#claims.add(claim)
    this.#added.add(claim)
    this.#removed.delete(claim)
  }

  #remove(claim: number): void {
    this.#claims.delete(claim)
    this.#added.delete(claim)
    this.#removed.add(claim)
  }
}
