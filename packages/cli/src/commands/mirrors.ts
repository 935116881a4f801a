import { ControlClient, disagrees } from '@jarswarm/node'
import type { UpstreamReport } from '@jarswarm/node'
import type { Command } from 'commander'
import { givenFlags } from '../command-setup.ts'
import type { CommandSetup } from '../command-setup.ts'
import { formatDuration } from '../duration.ts'
import { EXIT_FAILURE } from '../exit-code.ts'
import { dataDirectory } from '../node-settings.ts'
import { withData, withJson } from '../options.ts'
import { formatSize } from '../size.ts'
import { formatTable } from '../table.ts'
import { printable, remark, say, sayJson } from '../terminal.ts'

/** `jarswarm mirrors`: how origin and mirrors fare, and whether they agree with what is signed. */
export function addMirrors(program: Command, { terminal, setExitCode }: CommandSetup): void {
  const command = withJson(withData(program.command('mirrors')))
    .summary("compare origin and mirrors with the running node's index")
    .description(
      'Ask the origin and each signed mirror of the repositories that the running node follows for their head and ' +
        'for some files, and compare them with what is signed. The exit code is 1 when one of them contradicts it.',
    )
  command.action(async () => {
    const flags = givenFlags(command)
    const node = new ControlClient(dataDirectory(flags, terminal.env))
    const reports = await node.mirrors({ signal: terminal.signal })
    const wrong = reports.filter(disagrees)
    if (flags['json'] === true) sayJson(terminal, reports)
    else if (reports.length === 0) say(terminal, 'No origin and no mirrors.')
    else say(terminal, describe(reports))
    for (const { url, sample, agreement } of wrong) {
      const what =
        sample.wrong.length > 0
          ? `has other bytes than the signed ones at ${sample.wrong.join(', ')}`
          : `has a root manifest that is ${agreement}`
      remark(terminal, printable(`${url} ${what}`))
    }
    if (wrong.length > 0) setExitCode(EXIT_FAILURE)
  })
}

function describe(reports: readonly UpstreamReport[]): string {
  return formatTable(
    ['REPOSITORY', 'KIND', 'HEALTH', 'MEDIAN', 'HEAD', 'AGREES', 'FILES', 'RECEIVED', 'URL'],
    reports.map((report) => [
      report.repository,
      report.kind,
      healthOf(report),
      report.medianMs === null ? '' : `${report.medianMs.toFixed(0)} ms`,
      report.head === null
        ? ''
        : `${String(report.head.seq)}, ${formatDuration(report.head.ageSeconds)} old`,
      report.agreement === 'behind' ? `behind by ${String(report.behind)}` : report.agreement,
      filesOf(report),
      formatSize(report.receivedBytes),
      report.url,
    ]),
  )
}

function healthOf({ demoted, healthy, wrongBytes }: UpstreamReport): string {
  if (demoted) return `wrong bytes (${String(wrongBytes)})`
  return healthy ? 'well' : 'failing'
}

function filesOf({ sample: { right, missing, wrong } }: UpstreamReport): string {
  const parts = [`${String(right)} right`]
  if (missing > 0) parts.push(`${String(missing)} missing`)
  if (wrong.length > 0) parts.push(`${String(wrong.length)} WRONG`)
  return parts.join(', ')
}
