import type { CellResult } from './_run-cell.ts'

/** What is promised: the first byte or a decision. */
const DECISION_SECONDS = 8
/** A build through a node may take this much longer than one without, in a world where something is wrong. */
const SLOWER_FACTOR = 1.5
const SLOWER_SECONDS = 10

/** Why a cell is worse than the same build without a node; empty when it is not. */
export function worseThan(cell: CellResult, direct: CellResult): readonly string[] {
  const reasons: string[] = []
  if (rank(cell) < rank(direct)) reasons.push(`${describe(cell)} where direct ${describe(direct)}`)
  if (cell.longestWaitSeconds > DECISION_SECONDS)
    reasons.push(`silent for ${cell.longestWaitSeconds.toFixed(1)} s`)
  return reasons
}

/** Whether a cell took much longer than the same build without a node; of use only on a quiet machine. */
export function isSlower(cell: CellResult, direct: CellResult): boolean {
  const bound = direct.seconds * SLOWER_FACTOR + SLOWER_SECONDS
  return rank(cell) === rank(direct) && cell.seconds > bound
}

/** From the worst to the best that can become of a build. */
function rank({ outcome, healed }: CellResult): number {
  if (outcome === 'wrong' || outcome === 'incomplete') return 0
  return (outcome === 'right' ? 2 : 1) + (healed ? 0.5 : 0)
}

/** In a word or two. */
export function describe({ outcome, healed }: CellResult): string {
  return healed ? outcome : `${outcome}, stays broken`
}
