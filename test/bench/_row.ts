import type { Row } from '../_report.ts'

export type { Row }

/** What can be said on the command line. */
export interface BenchOptions {
  /** How often each way is run, where ways are run in turn. */
  readonly runs?: number
  /** Size of the generated repository, where a bench has one. */
  readonly files?: number
  /** Nodes, where a bench has many. */
  readonly nodes?: number
  /** What the origin can send, where it stands behind a narrow line, in Mbit/s. */
  readonly uplinkMbit?: number
  /** How long something is watched, where a bench watches. */
  readonly seconds?: number
  /** Takes what is not read row by row, in Markdown. */
  readonly showTable?: (table: string) => void
}

export interface Bench {
  readonly name: string
  readonly about: string
  run(options: BenchOptions): Promise<readonly Row[]>
}
