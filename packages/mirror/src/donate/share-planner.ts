import { SLICES } from '@jarswarm/manifest'
import type { DonationPace } from './donation-pace.ts'
import type { SharePlan, ShareState } from './share-plan.ts'
import { ShareRound } from './share-round.ts'
import { SliceDraws } from './slice-draws.ts'

/** With more donors news takes longer, and so does patience. */
export const PATIENT_DONORS = 150

export interface SharePlannerInit extends Pick<DonationPace, 'settleMs' | 'patienceMs'> {
  /** May be shared by planners of the same donors. @defaultValue its own */
  readonly draws?: SliceDraws
}

/**
 * Decides which share of a repository this node keeps, from what all donors say; nobody coordinates. Who keeps a slice goes
 * on keeping it; what has too few copies falls to those that drew best for it and have room.
 *
 * Remembers since when each slice has been short, to tell for whom not to wait.
 */
export class SharePlanner {
  readonly #init: SharePlannerInit
  readonly #draws: SliceDraws
  readonly #shortSinceMs: Float64Array = new Float64Array(SLICES).fill(Number.NaN)
  readonly #enoughSinceMs: Float64Array = new Float64Array(SLICES).fill(Number.NaN)

  constructor(init: SharePlannerInit) {
    this.#draws = init.draws ?? new SliceDraws()
    this.#init = init
  }

  plan(state: ShareState): SharePlan {
    const { own, donors } = state
    const slower = Math.max(1, donors.length / PATIENT_DONORS)
    this.#draws.keep(new Set([own.peer, ...donors.map(({ peer }) => peer)]))
    return new ShareRound(state, {
      draws: this.#draws,
      shortSinceMs: this.#shortSinceMs,
      enoughSinceMs: this.#enoughSinceMs,
      settleMs: this.#init.settleMs * slower,
      patienceMs: this.#init.patienceMs * slower,
    }).plan()
  }
}
