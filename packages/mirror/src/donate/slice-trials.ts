import type { Clock } from '@jarswarm/ports'
import type { DonationPace } from './donation-pace.ts'
import type { SliceOutcome } from './slice-files.ts'

/** Between two looks at a slice of which nothing lacks. */
export const VERIFY_INTERVAL_MS = 3_600_000
/** So often a file must have lacked until it counts as lost to all. */
const LOST_AFTER = 3
/** At most this share of a slice may be lost for the slice to count as kept: else all would let go of all of it. */
const LOST_SHARE = 1 / 16

interface Trial {
  readonly dueMs: number
  /** Times in a row that something lacked. */
  readonly failed: number
}

/** When each slice is looked at next, and whether it counts as kept by what came of it so far. */
export class SliceTrials {
  readonly #clock: Clock
  readonly #retryMs: number
  readonly #trials = new Map<number, Trial>()

  constructor({ clock }: { readonly clock: Clock }, { retryMs }: Pick<DonationPace, 'retryMs'>) {
    this.#clock = clock
    this.#retryMs = retryMs
  }

  isDue(slice: number): boolean {
    return (this.#trials.get(slice)?.dueMs ?? 0) <= this.#clock.monotonicMs()
  }

  /** Look at it at once. */
  changed(slice: number): void {
    const { failed = 0 } = this.#trials.get(slice) ?? {}
    this.#trials.set(slice, { failed, dueMs: 0 })
  }

  forget(slice: number): void {
    this.#trials.delete(slice)
  }

  /** @returns whether the slice counts as kept */
  note(slice: number, { files, lacking, isFull }: SliceOutcome): boolean {
    const before = this.#trials.get(slice)?.failed ?? 0
    const failed = lacking === 0 ? 0 : before + 1
    const waitMs =
      failed === 0
        ? VERIFY_INTERVAL_MS
        : Math.min(this.#retryMs * 2 ** (failed - 1), VERIFY_INTERVAL_MS)
    this.#trials.set(slice, { failed, dueMs: this.#clock.monotonicMs() + waitMs })
    if (lacking === 0) return true
    const isLost = failed >= LOST_AFTER && files > 1 && !isFull
    return isLost && lacking <= Math.max(1, files * LOST_SHARE)
  }
}
