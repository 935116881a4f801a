import { AuditReport } from '../audit-report.ts'

/** The index that a server is compared with, and what was found. */
export class MirrorReport extends AuditReport {
  readonly repository: string
  /** Head by whose index the files were judged. */
  seq = 0
  /** Files that the whole index names. */
  indexed = 0
  /** Files whose date is another one than the index says. */
  dates = 0

  constructor(repository: string) {
    super(['changed', 'length', 'page', 'cut', 'missing', 'newer', 'older', 'checksum', 'date'])
    this.repository = repository
  }

  override toJSON(): object {
    const { repository, seq, indexed, dates } = this
    return { repository, seq, indexed, otherDates: dates, ...super.toJSON() }
  }
}
