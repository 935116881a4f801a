import { setTimeout as delay } from 'node:timers/promises'
import type { RepositoryId } from '@jarswarm/trust'
import type { SeededRandom } from '../_random.ts'
import { refusedBy } from './refusal.ts'

/** Between two acts of one attacker. */
const PACE_MS = 20

/** A node under attack. */
export interface Target {
  readonly peer: string
  /** Full multiaddr. */
  readonly address: string
}

/** What heads an attacker has to show. */
export interface FalseHeads {
  /** Signed by keys that nobody trusts. */
  readonly forged: Uint8Array
  /** Of a state before the newest. */
  readonly old: Uint8Array
  /** Signed by the right keys, and of the same number as the newest. */
  readonly forked: Uint8Array
}

export interface AttackContext {
  readonly name: string
  readonly repository: RepositoryId
  /** Projects that the index defines, at least one. */
  readonly projects: readonly string[]
  readonly targets: readonly Target[]
  readonly heads: FalseHeads
  /** Address of this machine that it dials from. */
  readonly from: string
  readonly random: SeededRandom
  /** Ends it. */
  readonly signal: AbortSignal
  /** Adds to a figure of the report. */
  readonly count: (what: string, more?: number) => void
}

/** One manner of doing harm, until the signal; rejects only for a fault of its own. */
export type Attack = (context: AttackContext) => Promise<void>

/** Figure of how often an attack was done to its end. */
export const actsOf = (attack: string): string => `acts of ${attack}`

/** Do something to one target after the other, in an order that is drawn, until the signal. */
export async function assault(
  context: AttackContext,
  act: (target: Target) => Promise<void>,
): Promise<void> {
  const { name, targets, random, signal, count } = context
  while (!signal.aborted) {
    const target = targets[random.below(targets.length)]
    if (target === undefined) return
    try {
      await act(target)
      count(actsOf(name))
    } catch (error) {
      // To be refused or cut is what a node does to an attacker.
      count(refusedBy(error))
    }
    await delay(PACE_MS)
  }
}
