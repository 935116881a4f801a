/** One line of the table: a figure, and what it is measured against in the same run. */
export interface Row {
  readonly bench: string
  readonly what: string
  readonly value: number
  readonly unit: string
  /** What the user would have instead, with its figure, and `value` divided by it. */
  readonly beside?: { readonly what: string; readonly value: number }
  /** The promise, as in docs/performance.md. */
  readonly target?: string
}

/** What can be said on the command line. */
export interface BenchOptions {
  /** How often each way is run, where ways are run in turn. */
  readonly runs?: number
}

export interface Bench {
  readonly name: string
  readonly about: string
  run(options: BenchOptions): Promise<readonly Row[]>
}
