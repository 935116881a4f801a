import { formatTable } from '../table.ts'
import { printable, remark, say } from '../terminal.ts'
import type { Terminal } from '../terminal.ts'
import type { AuditRemark, AuditReport } from './audit-report.ts'
import { MirrorReport } from './remote/mirror-report.ts'
import { sampleStatement } from './remote/sample-statement.ts'
import type { Difference } from './verdict.ts'

/** Rows of a table that a person reads; `--json` has more. */
const MAX_ROWS = 50
/** Digits of a digest that tell two apart. */
const SHORT_DIGEST = 16

/** Tell people what an audit found. */
export function describeAudit(report: AuditReport, terminal: Terminal): void {
  const { differences } = report
  if (differences.length > 0) {
    const rows = differences.slice(0, MAX_ROWS).map(toRow)
    say(terminal, formatTable(['WHAT', 'PATH', 'REPOSITORY', 'FOUND'], rows))
    sayMore(terminal, report.differing)
  }
  const problems = problemLines(report.problems)
  for (const line of problems.slice(0, MAX_ROWS)) remark(terminal, printable(line))
  sayMore(terminal, problems.length)
  say(terminal, summaryOf(report))
  if (report instanceof MirrorReport) sayOfMirror(report, terminal)
}

function toRow(difference: Difference): readonly string[] {
  const { kind, path, repository } = difference
  return [kind, printable(path), repository, printable(foundWords(difference))]
}

function foundWords({ found, signed, remark: said }: Difference): string {
  const digest = found?.digest ?? signed.digest
  const digests =
    digest === signed.digest
      ? undefined
      : `${digest.slice(0, SHORT_DIGEST)}, signed ${signed.digest.slice(0, SHORT_DIGEST)}`
  return [digests, said].filter((one) => one !== undefined).join('; ')
}

/** A server that is down is one problem, and not one for each of its files. */
function problemLines(problems: readonly AuditRemark[]): readonly string[] {
  const byReason = Map.groupBy(problems, ({ reason }) => reason)
  return [...byReason].map(([reason, [first, ...others]]) => {
    const more = others.length === 0 ? '' : ` and ${String(others.length)} more`
    return `not compared: ${first?.path ?? ''}${more}: ${reason}`
  })
}

function summaryOf(report: AuditReport): string {
  const { files, same, counts, unknown, unsure } = report
  const differing = Object.entries(counts).filter(
    ([kind, count]) => count > 0 || kind === 'changed',
  )
  return [
    `${String(files)} files: ${String(same)} as signed`,
    ...differing.map(([kind, count]) => `${String(count)} ${kind}`),
    ...(report instanceof MirrorReport
      ? []
      : [`${String(unknown)} named by no followed repository`]),
    ...(unsure > 0 ? [`${String(unsure)} that cannot be judged now`] : []),
    ...(report instanceof MirrorReport && report.unread > 0
      ? [`${String(report.unread)} that could not be read`]
      : []),
  ].join(', ')
}

function sayOfMirror(report: MirrorReport, terminal: Terminal): void {
  const { repository, seq, files, indexed, dates, withdrawn, withdrawnAsked, counts } = report
  say(terminal, `Compared with the index of ${repository}, head ${String(seq)}.`)
  if (withdrawn > 0) {
    say(
      terminal,
      `It was asked for ${String(withdrawnAsked)} of ${String(withdrawn)} withdrawn files as well, and gives out ${String(counts['withdrawn'])}.`,
    )
  }
  if (dates > 0) {
    say(
      terminal,
      `${String(dates)} have another date than the index, which is no difference in their bytes.`,
    )
  }
  if (report.headOnly) say(terminal, 'Lengths and headers were compared, and no bytes.')
  if (report.isClean && files > 0) say(terminal, sampleStatement(report, indexed))
}

function sayMore(terminal: Terminal, count: number): void {
  if (count > MAX_ROWS) remark(terminal, `and ${String(count - MAX_ROWS)} more, named by --json`)
}
