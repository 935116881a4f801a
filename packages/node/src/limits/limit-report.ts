import type { Limit, LimitGroup } from '@jarswarm/ports'

/** A bound as it is in force here. */
export interface LimitLine extends Limit {
  /** Name of its constant. */
  readonly name: string
  /** How much of it is used now, where that is known. */
  readonly now?: number
}

/** The bounds on one subject, as `jarswarm status --limits` shows them. */
export interface LimitReport {
  readonly title: string
  /** Whether a format has them, so that nobody can change them for one node. */
  readonly fixed: boolean
  readonly limits: readonly LimitLine[]
}

/** What of a bound differs from node to node. */
export interface LimitInForce {
  readonly value?: number
  readonly now?: number
}

/**
 * The bounds with what is in force in this node.
 *
 * @throws {RangeError} when something is said to be in force of a bound that there is not
 */
export function reportLimits(
  groups: readonly LimitGroup[],
  inForce: Readonly<Record<string, LimitInForce>>,
): readonly LimitReport[] {
  const unknown = new Set(Object.keys(inForce))
  const report = groups.map(({ title, fixed = false, limits }) => ({
    title,
    fixed,
    limits: Object.entries(limits).map(([name, limit]) => {
      unknown.delete(name)
      return { name, ...limit, ...inForce[name] }
    }),
  }))
  if (unknown.size > 0)
    throw new RangeError(`Cannot report bounds: ${[...unknown].join(', ')} is none of them`)
  return report
}
