import type { SliceSet, SliceTotals } from '@jarswarm/manifest'
import type { Donor, PeerName } from '@jarswarm/ports'
import type { CopiesGoal } from './copies-goal.ts'

/** Another donor, as this node sees it. */
export interface ShareDonor extends Omit<Donor, 'issuedMs'> {
  /** Whether it was seen to hold what it claims. */
  readonly proven: boolean
  /** When it was last seen to have brought a slice, by the clock of `nowMs`. */
  readonly grewMs: number
}

/** What one node knows when it decides which share it keeps. */
export interface ShareState {
  readonly own: {
    readonly peer: PeerName
    readonly donatedBytes: number
    /** What is kept, and told of. */
    readonly kept: SliceSet
    /** What was begun and is not kept yet. */
    readonly begun: ReadonlySet<number>
  }
  /** All others but those that were found to lie. */
  readonly donors: readonly ShareDonor[]
  readonly totals: SliceTotals
  /** Of a clock that never jumps. */
  readonly nowMs: number
}

/** What one node is to do now, of the work of all. */
export interface SharePlan {
  readonly goal: CopiesGoal
  /** Copies of the slice that fewest keep, this node and proven donors; 0 when the index has no file. */
  readonly leastCopies: number
  /** Slices to bring here, in this order, each while there is room for it. */
  readonly fetch: readonly number[]
  /** Kept slices to let go of now. */
  readonly release: readonly number[]
  /** Slices that were begun and are no longer wanted here. */
  readonly abandon: readonly number[]
}
