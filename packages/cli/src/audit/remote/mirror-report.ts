import { AuditReport } from '../audit-report.ts'

/** The worst first. */
const KINDS = [
  'changed',
  'withdrawn',
  'length',
  'newer',
  'checksum',
  'page',
  'cut',
  'missing',
  'older',
  'date',
] as const

/** What is compared with what. */
export type MirrorReportInit = Pick<MirrorReport, 'repository' | 'sample' | 'headOnly'>

/** The index that a server is compared with, and what was found. */
export class MirrorReport extends AuditReport {
  readonly repository: string
  /** Files that were to be drawn at random; undefined for all, in order. */
  readonly sample: number | undefined
  /** Whether lengths and dates were compared, and no bytes. */
  readonly headOnly: boolean
  /** Head by whose index the files were judged. */
  seq = 0
  /** Files that the whole index names. */
  indexed = 0
  /** Files that the repository withdrew, and how many of them the server was asked for. */
  withdrawn = 0
  withdrawnAsked = 0
  /** Files whose date is another one than the index says. */
  dates = 0

  constructor({ repository, sample, headOnly }: MirrorReportInit) {
    super(KINDS)
    this.repository = repository
    this.sample = sample
    this.headOnly = headOnly
  }

  /** Whether the files that were compared stand for the others: the first in order do not. */
  get isRandom(): boolean {
    return this.sample !== undefined && this.sample < this.indexed
  }

  override toJSON(): object {
    const { repository, seq, indexed, isRandom, headOnly, dates, withdrawnAsked } = this
    const compared = { repository, seq, indexed, isRandom, headOnly, withdrawnAsked }
    return { ...compared, otherDates: dates, ...super.toJSON() }
  }
}
