/** Most copies of a slice that are brought about: more would only move bytes. */
export const MAX_COPIES = 8
/** Share of the donated space that is counted on: slices differ in size, and room is needed when some leave. */
export const COUNTED_SHARE = 0.9

/** How many nodes are to keep each slice, and in how many public address ranges. */
export interface CopiesGoal {
  readonly copies: number
  readonly ranges: number
}

/** As much of a donor as decides how many copies there can be. */
export interface GoalMember {
  readonly donatedBytes: number
  /** Undefined for one that counts alone, as on a local network. */
  readonly range: string | undefined
}

/**
 * What the donated space suffices for: at least one copy, at most {@link MAX_COPIES}. Nobody counts for more than one
 * copy of everything, however much it says that it donates, and a range for no more than that where ranges count.
 */
export function copiesGoal(members: readonly GoalMember[], repositoryBytes: number): CopiesGoal {
  const perRange = new Map<string | GoalMember, number>()
  let counted = 0
  for (const member of members) {
    const bytes = Math.min(member.donatedBytes, repositoryBytes)
    counted += bytes
    const range = member.range ?? member
    perRange.set(range, Math.min(repositoryBytes, (perRange.get(range) ?? 0) + bytes))
  }
  const inRanges = [...perRange.values()].reduce((sum, bytes) => sum + bytes, 0)
  return { copies: toCopies(counted, repositoryBytes), ranges: toCopies(inRanges, repositoryBytes) }
}

function toCopies(bytes: number, repositoryBytes: number): number {
  if (repositoryBytes === 0) return 1
  const copies = Math.floor((COUNTED_SHARE * bytes) / repositoryBytes)
  return Math.min(Math.max(copies, 1), MAX_COPIES)
}
