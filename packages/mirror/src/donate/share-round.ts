import { hasSlice, SLICES } from '@jarswarm/manifest'
import { copiesGoal } from './copies-goal.ts'
import type { CopiesGoal } from './copies-goal.ts'
import type { ShareDonor, SharePlan, ShareState } from './share-plan.ts'
import type { SliceDraws } from './slice-draws.ts'

/** Share of the donated space that is kept free by dropping surplus, so that others see room for what is short. */
const SPARE_SHARE = 1 / 16

export interface ShareRoundMemory {
  readonly draws: SliceDraws
  /** Since when each slice has been short, but for moments; NaN for one that has its copies. Kept up to date here. */
  readonly shortSinceMs: Float64Array
  /** Since when each has had its copies; NaN for one that is short. Kept up to date here. */
  readonly enoughSinceMs: Float64Array
  readonly settleMs: number
  readonly patienceMs: number
}

interface Member {
  readonly donor: Pick<
    ShareDonor,
    'peer' | 'donatedBytes' | 'slices' | 'range' | 'proven' | 'grewMs'
  >
  readonly kept: readonly number[]
  readonly draws: Float32Array
  /** Space that counts: nobody needs more than the whole repository. */
  readonly weightBytes: number
  readonly freeBytes: number
}

/** Who has a slice, of those that count. */
interface Copies {
  readonly keepers: readonly Member[]
  readonly ranges: ReadonlySet<string | Member>
}

/** One decision of a `SharePlanner`. */
export class ShareRound {
  readonly #state: ShareState
  readonly #memory: ShareRoundMemory
  readonly #own: Member
  readonly #donors: readonly Member[]
  readonly #goal: CopiesGoal
  /** Those that have files; the others concern nobody. */
  readonly #slices: readonly number[]
  readonly #keepers: readonly Member[][]

  constructor(state: ShareState, memory: ShareRoundMemory) {
    const { own, donors, totals } = state
    this.#state = state
    this.#memory = memory
    this.#slices = [...totals.files.keys()].filter((slice) => totals.files[slice] !== 0)
    const repositoryBytes = totals.bytes.reduce((sum, bytes) => sum + bytes, 0)
    const toMember = (donor: Member['donor'], begun: Iterable<number>): Member => {
      const kept = this.#slices.filter((slice) => hasSlice(donor.slices, slice))
      return {
        donor,
        kept,
        draws: memory.draws.of(donor.peer),
        weightBytes: Math.min(donor.donatedBytes, repositoryBytes),
        freeBytes: donor.donatedBytes - this.#bytesOf(kept) - this.#bytesOf(begun),
      }
    }
    const { peer, donatedBytes, kept: slices, begun } = own
    const self = { peer, donatedBytes, slices, range: undefined, proven: true, grewMs: 0 }
    this.#own = toMember(self, begun)
    this.#donors = donors.map((donor) => toMember(donor, []))
    const proven = [this.#own, ...this.#donors].filter((member) => member.donor.proven)
    const counted = proven.map(({ donor }) => donor)
    this.#goal = copiesGoal(counted, repositoryBytes)
    this.#keepers = Array.from({ length: SLICES }, () => [])
    for (const member of proven) for (const slice of member.kept) this.#keepers[slice]?.push(member)
  }

  plan(): SharePlan {
    const { begun, kept } = this.#state.own
    const candidacies: { slice: number; copies: number; ahead: number; draw: number }[] = []
    let leastCopies = Number.POSITIVE_INFINITY
    let isShortOfRoom = false
    for (const slice of this.#slices) {
      const copies = this.#copiesOf(slice)
      leastCopies = Math.min(leastCopies, copies.keepers.length)
      const missing = this.#missing(copies)
      this.#remember(slice, missing > 0)
      if (missing <= 0 || hasSlice(kept, slice) || !this.#isDue(slice)) continue
      if (!this.#hasRoom(slice)) {
        isShortOfRoom = true
        continue
      }
      const ahead = this.#aheadAt(slice, copies, missing)
      if (ahead === missing) continue
      const draw = this.#own.draws[slice] ?? 0
      candidacies.push({ slice, copies: copies.keepers.length, ahead, draw })
    }
    candidacies.sort((a, b) => a.copies - b.copies || a.ahead - b.ahead || a.draw - b.draw)
    const short = candidacies.map(({ slice }) => slice)
    const fetch = short.length > 0 ? short : this.#firstOfAll()
    const wanted = new Set(fetch)
    return {
      goal: this.#goal,
      leastCopies: Number.isFinite(leastCopies) ? leastCopies : 0,
      fetch,
      release: this.#release(isShortOfRoom ? SPARE_SHARE : 0),
      abandon: [...begun].filter((slice) => !wanted.has(slice)),
    }
  }

  /** Who keeps nothing cannot be proven, so that its space would never count: it keeps one slice, whatever is short. */
  #firstOfAll(): readonly number[] {
    const { kept, draws } = this.#own
    if (kept.length > 0) return []
    const fitting = this.#slices.filter((slice) => this.#hasRoom(slice))
    return fitting.sort((a, b) => (draws[a] ?? 0) - (draws[b] ?? 0)).slice(0, 1)
  }

  #copiesOf(slice: number): Copies {
    const keepers = this.#keepers[slice] ?? []
    return { keepers, ranges: new Set(keepers.map(rangeOf)) }
  }

  #missing({ keepers, ranges }: Copies): number {
    return Math.max(this.#goal.copies - keepers.length, this.#goal.ranges - ranges.size)
  }

  /** Enough counts only when it lasts: else a claim now and then would put off for ever what is to be brought. */
  #remember(slice: number, isShort: boolean): void {
    const { shortSinceMs, enoughSinceMs, settleMs } = this.#memory
    const { nowMs } = this.#state
    const begin = (sinceMs: Float64Array): void => {
      if (Number.isNaN(sinceMs[slice])) sinceMs[slice] = nowMs
    }
    if (isShort) {
      enoughSinceMs[slice] = Number.NaN
      begin(shortSinceMs)
    } else {
      begin(enoughSinceMs)
      if (nowMs >= (enoughSinceMs[slice] ?? 0) + settleMs) shortSinceMs[slice] = Number.NaN
    }
  }

  /** Whether it is time to bring it; what was begun goes on. */
  #isDue(slice: number): boolean {
    return this.#state.own.begun.has(slice) || this.#state.nowMs >= this.#dueMs(slice)
  }

  /** When it is to be brought: once it has been short for long enough to go by what is known of donors, or at once when nobody says that he keeps it. */
  #dueMs(slice: number): number {
    const isClaimed = this.#state.donors.some(({ slices }) => hasSlice(slices, slice))
    return this.#shortSinceMs(slice) + (isClaimed ? this.#memory.settleMs : 0)
  }

  #shortSinceMs(slice: number): number {
    return this.#memory.shortSinceMs[slice] ?? 0
  }

  #hasRoom(slice: number): boolean {
    // Room for what was begun is taken already.
    if (this.#state.own.begun.has(slice)) return this.#own.freeBytes >= 0
    return this.#own.freeBytes >= this.#sizeOf(slice)
  }

  /**
   * How many others are to bring a slice before this node does, counted no further than `most`; while ranges lack, one of
   * each that has none yet.
   */
  #aheadAt(slice: number, { ranges }: Copies, most: number): number {
    const lacksRanges = ranges.size < this.#goal.ranges
    const dueMs = this.#dueMs(slice)
    const seen = new Set<string | Member>()
    let ahead = 0
    for (const member of this.#donors) {
      const range = rangeOf(member)
      if (lacksRanges && (ranges.has(range) || seen.has(range))) continue
      if (!this.#isAheadAt(slice, member, dueMs)) continue
      seen.add(range)
      ahead += 1
      if (ahead === most) break
    }
    return ahead
  }

  /**
   * Who claims a slice and is not proven may well have it, and who drew better and has room may be bringing it. Both are
   * waited for, but not for long: the one until it is proven, the other while it brings anything at all.
   */
  #isAheadAt(slice: number, member: Member, dueMs: number): boolean {
    const { proven, slices, grewMs } = member.donor
    const waitsUntilMs = (sinceMs: number): boolean =>
      this.#state.nowMs < sinceMs + this.#memory.patienceMs
    if (hasSlice(slices, slice)) return !proven && waitsUntilMs(this.#shortSinceMs(slice))
    if (member.freeBytes < this.#sizeOf(slice) || !this.#drewBetter(member, slice)) return false
    return waitsUntilMs(proven ? Math.max(dueMs, grewMs) : dueMs)
  }

  #drewBetter(member: Member, slice: number): boolean {
    const own = (this.#own.draws[slice] ?? 0) * member.weightBytes
    const other = (member.draws[slice] ?? 0) * this.#own.weightBytes
    return other === own ? member.donor.peer < this.#own.donor.peer : other < own
  }

  /** Surplus goes when room is wanted for what is short; anything, when more is kept than is donated. */
  #release(spareShare: number): readonly number[] {
    const spareBytes = this.#state.own.donatedBytes * spareShare
    let { freeBytes } = this.#own
    if (freeBytes >= spareBytes) return []
    const released: number[] = []
    const releaseUntil = (wantedBytes: number, from: readonly number[]): void => {
      for (const slice of from) {
        if (freeBytes >= wantedBytes) return
        released.push(slice)
        freeBytes += this.#sizeOf(slice)
      }
    }
    const keepers = (slice: number): number => this.#keepers[slice]?.length ?? 0
    const slices = this.#own.kept.toSorted((a, b) => keepers(b) - keepers(a))
    const surplus = new Set(slices.filter((slice) => this.#isSurplus(slice)))
    releaseUntil(spareBytes, [...surplus])
    const rest = slices.filter((slice) => !surplus.has(slice))
    releaseUntil(0, rest)
    return released
  }

  /** Whether enough others keep a slice that drew better for it: so not all who could drop it do. */
  #isSurplus(slice: number): boolean {
    const better = (this.#keepers[slice] ?? []).filter(
      (member) => member !== this.#own && this.#drewBetter(member, slice),
    )
    return this.#missing({ keepers: better, ranges: new Set(better.map(rangeOf)) }) <= 0
  }

  #bytesOf(slices: Iterable<number>): number {
    let sum = 0
    for (const slice of slices) sum += this.#sizeOf(slice)
    return sum
  }

  #sizeOf(slice: number): number {
    return this.#state.totals.bytes[slice] ?? 0
  }
}

/** Who is in no known range counts as one. */
function rangeOf(member: Member): string | Member {
  return member.donor.range ?? member
}
