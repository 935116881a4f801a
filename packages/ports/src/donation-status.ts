/** What this node donates to a repository, as the status tells it. */
export interface DonationStatus {
  readonly donatedBytes: number
  /** Of the slices that are kept, and of those that are on their way. */
  readonly usedBytes: number
  readonly slices: number
  /** Other nodes that donate now. */
  readonly donors: number
  /** Copies of the slice that fewest keep, as far as this node has seen them shown, and how many there are to be. */
  readonly copies: { readonly least: number; readonly wanted: number }
}
