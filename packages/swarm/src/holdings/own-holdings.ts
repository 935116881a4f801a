import type { HoldingsChange, SwarmContent } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { MAX_CLAIMS } from '../limits.ts'
import { claimOf } from './claims.ts'
import type { Summary } from './summary.ts'

/** What this node holds of one repository, kept ready to be told to peers. */
export class OwnHoldings {
  readonly #content: SwarmContent
  readonly #repository: RepositoryId
  /** Of all blobs, or, when all of a head are here, of what came since. */
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
    if (this.#completeToSeq !== change.completeToSeq) {
      // What was told one by one is part of a head now, or what is held was never counted one by one.
      for (const claims of [this.#claims, this.#added, this.#removed]) claims.clear()
      this.#completeToSeq = change.completeToSeq
      this.#loading = undefined
      this.#outdated = true
      return
    }
    for (const digest of change.added) this.#add(claimOf(digest))
    for (const digest of change.removed) this.#remove(claimOf(digest))
  }

  /** Everything, for a peer that knows nothing yet. */
  async full(): Promise<Summary> {
    await this.#loaded()
    return this.#everything()
  }

  /** What changed since the last call, and forget it; everything when that says more. */
  async takeChanges(): Promise<Summary> {
    if (this.#outdated) await this.#loaded()
    const summary = this.#outdated ? this.#everything() : this.#changes()
    this.#outdated = false
    this.#added.clear()
    this.#removed.clear()
    return summary
  }

  #everything(): Summary {
    return {
      reset: true,
      completeToSeq: this.#completeToSeq,
      added: new Uint32Array(this.#claims).sort(),
      removed: new Uint32Array(0),
    }
  }

  #changes(): Summary {
    return {
      reset: false,
      completeToSeq: this.#completeToSeq,
      added: new Uint32Array(this.#added).sort(),
      removed: new Uint32Array(this.#removed).sort(),
    }
  }

  async #loaded(): Promise<void> {
    for (let loading; loading === undefined || loading !== this.#loading;) {
      // Anew when another head was complete meanwhile.
      this.#loading ??= this.#load().catch((error: unknown) => {
        // The next peer gets another try.
        this.#loading = undefined
        throw error
      })
      loading = this.#loading
      await loading
    }
  }

  async #load(): Promise<void> {
    const holdings = this.#content.holdings(this.#repository)
    this.#completeToSeq = holdings.completeToSeq
    for (const digest of holdings.since ?? []) {
      if (this.#claims.size >= MAX_CLAIMS) break
      this.#claims.add(claimOf(digest))
    }
    if (holdings.completeToSeq !== undefined) return
    for await (const digest of holdings.blobs()) {
      // The rest may have come meanwhile.
      if (this.#completeToSeq !== undefined || this.#claims.size >= MAX_CLAIMS) return
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
