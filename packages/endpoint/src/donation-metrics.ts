import type { DonationStatus } from '@jarswarm/ports'
import type { NodeStatus } from './status.ts'

/** Name, help and value of a gauge that each repository has. */
export type RepositoryGauge = readonly [
  name: string,
  help: string,
  read: (repository: NodeStatus['repositories'][number]) => number,
]

type DonationGauge = readonly [name: string, help: string, read: (of: DonationStatus) => number]

/** What this node donates to a repository, and how well all donors keep it; 0 where nothing is donated. */
export function donationGauges(): readonly RepositoryGauge[] {
  const gauges: readonly DonationGauge[] = [
    ['jarswarm_donated_bytes', 'Bytes of space that are donated', (d) => d.donatedBytes],
    ['jarswarm_donated_used_bytes', 'Bytes of donated space in use', (d) => d.usedBytes],
    ['jarswarm_donated_slices', 'Slices of the repository that are kept here', (d) => d.slices],
    ['jarswarm_donors', 'Other nodes that donate space', (d) => d.donors],
    ['jarswarm_copies_least', 'Copies of what fewest donors keep', (d) => d.copies.least],
    ['jarswarm_copies_wanted', 'Copies that donors aim at', (d) => d.copies.wanted],
  ]
  return gauges.map(([name, help, read]) => [
    name,
    help,
    ({ donation }) => (donation === undefined ? 0 : read(donation)),
  ])
}
