import type { Arrivals } from './arrivals.ts'
import type { HostileReport } from './hostile-process.ts'

/** How often something was done, by what it is called. */
export type Figures = Readonly<Record<string, number>>

/** Figure of how often peers of a manner were asked. */
export const answersOf = (manner: string): string => `requests answered ${manner}`

/** What hostile processes did, and what of it came to the honest nodes. */
export function figuresOf(
  reports: readonly HostileReport[],
  arrived: readonly Arrivals[],
): Figures {
  const sum: Record<string, number> = {}
  const add = (what: string, times: number): void => {
    sum[what] = (sum[what] ?? 0) + times
  }
  for (const { figures, peers } of reports) {
    for (const [what, times] of Object.entries(figures)) add(what, times)
    for (const { manner, asked } of peers) add(answersOf(manner), asked)
  }
  for (const arrivals of arrived)
    for (const counts of Object.values(arrivals))
      for (const [what, times] of Object.entries(counts)) add(what, times)
  return sum
}

/** What came of others than these peers. */
export function arrivalsBut(arrivals: Arrivals, peers: ReadonlySet<string>): Arrivals {
  return Object.fromEntries(Object.entries(arrivals).filter(([peer]) => !peers.has(peer)))
}
