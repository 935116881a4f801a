import type { Row } from '../_report.ts'

/** What can be said on the command line. */
export interface FaultOptions {
  /** The long form, for docs/reliability.md. */
  readonly full: boolean
  /** Everything that is drawn follows from it. */
  readonly seed: number
  /** How often, where a run repeats itself. @defaultValue by `full` */
  readonly runs?: number
}

/** One kind of fault, done to the product many times over. Throws at the first violation. */
export interface FaultRun {
  readonly name: string
  readonly about: string
  /** Figures as they come. */
  run(options: FaultOptions): AsyncIterable<Row>
}
