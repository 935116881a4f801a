/** What was withdrawn from a repository, as the status tells it. Times are ISO 8601. */
export interface WithdrawnStatus {
  readonly count: number
  /** Those that went to clients first, then the newest; a hundred at most. */
  readonly files: readonly {
    readonly path: string
    readonly digest: string
    readonly reason: string | null
    readonly withdrawn: string
    /** When this node gave it to clients; null when it did not, as far as it remembers. */
    readonly servedAt: { readonly first: string; readonly last: string } | null
  }[]
}
