import type { CheckReport } from '@jarswarm/node'
import type { Command } from 'commander'
import { givenFlags } from '../command-setup.ts'
import type { CommandSetup } from '../command-setup.ts'
import { EXIT_FAILURE } from '../exit-code.ts'
import { withData, withJson } from '../options.ts'
import { formatSize } from '../size.ts'
import { say, sayJson } from '../terminal.ts'
import { withNode } from '../with-node.ts'

/** `jarswarm check`: verify everything that is stored. */
export function addCheck(program: Command, { terminal, setExitCode }: CommandSetup): void {
  const command = withJson(withData(program.command('check')))
    .summary('verify every stored blob and record')
    .description(
      'Read every stored blob and record again and compare it with its digest, whether the node runs ' +
        'or not.\n\nExit code 1 when anything is damaged and was not repaired.',
    )
    .option('--repair', 'set aside what is damaged, so that it is fetched anew')
  command.action(async () => {
    const flags = givenFlags(command)
    const repair = flags['repair'] === true
    const report = await withNode({ terminal, flags, offline: true }, (node) =>
      node.check({ repair, signal: terminal.signal }),
    )
    if (flags['json'] === true) sayJson(terminal, report)
    else say(terminal, describe(report))
    const isLeft = report.findingCount > 0 && !report.repaired
    if (isLeft || report.damagedValues > 0) setExitCode(EXIT_FAILURE)
  })
}

function describe(report: CheckReport): string {
  const lines = report.findings.map(({ kind, digest, detail }) => `${kind} ${digest}: ${detail}`)
  const more = report.findingCount - report.findings.length
  if (more > 0) lines.push(`and ${String(more)} more`)
  const stored = `${String(report.blobs)} blobs, ${formatSize(report.bytes)}`
  if (report.damagedValues > 0) {
    lines.push(
      `${String(report.damagedValues)} parts of the database are damaged; the next start of the node begins it anew from the blobs and the signed index.`,
    )
  }
  if (report.findingCount + report.damagedValues === 0)
    lines.push(`Everything is in order: ${stored}.`)
  else if (report.repaired)
    lines.push(`Set aside ${String(report.findingCount)}; left are ${stored}.`)
  else if (report.findingCount > 0)
    lines.push(
      `Found ${String(report.findingCount)} in ${stored}; repair with: jarswarm check --repair`,
    )
  return lines.join('\n')
}
