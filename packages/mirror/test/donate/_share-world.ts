import { SLICES, sliceSet } from '@jarswarm/manifest'
import type { SliceTotals } from '@jarswarm/manifest'
import type { PeerName } from '@jarswarm/ports'
import { createHash } from 'node:crypto'
import { DONATION_PACE } from '../../src/donate/donation-pace.ts'
import type { ShareDonor, SharePlan } from '../../src/donate/share-plan.ts'
import { SharePlanner } from '../../src/donate/share-planner.ts'
import { SliceDraws } from '../../src/donate/slice-draws.ts'

/** Time between two turns, in which each donor brings at most `perTurn` slices. */
const TURN_MS = 60_000
/** What is short is not brought before. */
const STILL_TURNS = DONATION_PACE.settleMs / TURN_MS + 1

export interface WorldDonor {
  readonly peer: PeerName
  /** Space that it says it donates. */
  readonly donatedBytes: number
  /** Space that it really has. @defaultValue what it says */
  readonly realBytes?: number
  readonly range?: string
  /** `liar`: claims all, has nothing, and cannot be reached. `idle`: donates, and brings nothing. */
  readonly manner?: 'honest' | 'liar' | 'idle'
}

interface Member extends WorldDonor {
  readonly planner: SharePlanner
  kept: Set<number>
  grewMs: number
}

/** Donors that decide by turns, each by what all told in the turn before, without a network or files. */
export class ShareWorld {
  readonly totals: SliceTotals
  nowMs = 0
  movedBytes = 0
  readonly #members = new Map<PeerName, Member>()
  readonly #perTurn: number
  readonly #draws = new SliceDraws()

  constructor(init: { readonly totals: SliceTotals; readonly perTurn?: number }) {
    this.totals = init.totals
    this.#perTurn = init.perTurn ?? 8
  }

  join(...donors: readonly WorldDonor[]): void {
    for (const donor of donors) {
      const kept = new Set<number>(donor.manner === 'liar' ? Array(SLICES).keys() : [])
      const planner = new SharePlanner({ ...DONATION_PACE, draws: this.#draws })
      this.#members.set(donor.peer, { ...donor, planner, kept, grewMs: this.nowMs })
    }
  }

  leave(...peers: readonly PeerName[]): void {
    for (const peer of peers) this.#members.delete(peer)
  }

  /** Be gone, but still told of until they {@link leave}. */
  vanish(...peers: readonly PeerName[]): void {
    for (const peer of peers) {
      const member = this.#members.get(peer)
      if (member !== undefined) this.#members.set(peer, { ...member, manner: 'idle' })
    }
  }

  get honest(): readonly Member[] {
    return [...this.#members.values()].filter(({ manner = 'honest' }) => manner === 'honest')
  }

  planOf(peer: PeerName): SharePlan {
    const own = this.#members.get(peer)
    if (own === undefined) throw new Error(`no donor ${peer}`)
    return this.#plan(own, this.#told())
  }

  /** Let turns pass until nobody brings or drops anything any more. @returns turns that it took */
  settle(maxTurns = 1_000): number {
    let moved = 0
    for (let turn = 1; turn <= maxTurns; turn += 1) {
      if (this.turn()) moved = turn
      else if (turn - moved >= STILL_TURNS) return moved
    }
    throw new Error(`still moving after ${maxTurns} turns`)
  }

  /** @returns whether anything was brought or dropped */
  turn(): boolean {
    const told = this.#told()
    const plans = this.honest.map((member) => [member, this.#plan(member, told)] as const)
    const moves = plans.map(([member, plan]) => this.#carryOut(member, plan))
    this.nowMs += TURN_MS
    return moves.some((moved) => moved)
  }

  /** True copies of each slice that has files. */
  copies(): number[] {
    return [...Array(SLICES).keys()]
      .filter((slice) => (this.totals.files[slice] ?? 0) > 0)
      .map((slice) => this.honest.filter(({ kept }) => kept.has(slice)).length)
  }

  usedBytes({ kept }: { readonly kept: ReadonlySet<number> }): number {
    return [...kept].reduce((sum, slice) => sum + (this.totals.bytes[slice] ?? 0), 0)
  }

  /** Bytes that must move so that each slice has so many copies. */
  lackingBytes(copies: number): number {
    return [...Array(SLICES).keys()].reduce((sum, slice) => {
      const has = this.honest.filter(({ kept }) => kept.has(slice)).length
      return sum + Math.max(0, copies - has) * (this.totals.bytes[slice] ?? 0)
    }, 0)
  }

  #told(): readonly ShareDonor[] {
    return [...this.#members.values()].map((member) => ({
      peer: member.peer,
      donatedBytes: member.donatedBytes,
      slices: sliceSet(member.kept),
      range: member.range,
      // Whoever holds anything can show it.
      proven: member.manner !== 'liar' && member.kept.size > 0,
      grewMs: member.grewMs,
    }))
  }

  #plan(member: Member, told: readonly ShareDonor[]): SharePlan {
    const { peer, donatedBytes, kept } = member
    return member.planner.plan({
      own: { peer, donatedBytes, kept: sliceSet(kept), begun: new Set() },
      donors: told.filter((donor) => donor.peer !== peer),
      totals: this.totals,
      nowMs: this.nowMs,
    })
  }

  #carryOut(member: Member, plan: SharePlan): boolean {
    for (const slice of plan.release) member.kept.delete(slice)
    let brought = 0
    for (const slice of plan.fetch) {
      const bytes = this.totals.bytes[slice] ?? 0
      const roomBytes = (member.realBytes ?? member.donatedBytes) - this.usedBytes(member)
      if (brought === this.#perTurn || bytes > roomBytes) continue
      member.kept.add(slice)
      this.movedBytes += bytes
      brought += 1
    }
    if (brought > 0) member.grewMs = this.nowMs
    return brought > 0 || plan.release.length > 0
  }
}

/** Sizes as those of jars: many small ones, few large ones. @param share part of the slices that has files; fewer take less time */
export function sliceSizes(seed: number, share = 0.1): SliceTotals {
  const files = new Float64Array(SLICES)
  const bytes = new Float64Array(SLICES)
  for (let slice = 0; slice < SLICES; slice += 1) {
    const draws = createHash('sha256').update(`${seed} ${slice}`).digest()
    const draw = (at: number): number => draws.readUInt32BE(at) / 2 ** 32
    if (draw(0) >= share) continue
    files[slice] = 1 + Math.floor(draw(4) * 10)
    bytes[slice] = Math.ceil(1_000 * Math.exp(3 * draw(8)))
  }
  return { files, bytes }
}

/** Donors of the same space: `times` copies of everything, shared by `count`. */
export function donorsOf(
  totals: SliceTotals,
  count: number,
  { times, prefix = 'donor' }: { readonly times: number; readonly prefix?: string },
): readonly WorldDonor[] {
  const bytes = totals.bytes.reduce((sum, one) => sum + one, 0)
  const donatedBytes = Math.ceil((bytes * times) / count)
  return Array.from({ length: count }, (_, index) => ({
    peer: `${prefix}-${index}`,
    donatedBytes,
  }))
}
