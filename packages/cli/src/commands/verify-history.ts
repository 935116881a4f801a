import type { NodeControl } from '@jarswarm/node'
import type { Command } from 'commander'
import { givenFlags } from '../command-setup.ts'
import type { CommandSetup } from '../command-setup.ts'
import { describeVerified, isHistoryWell } from '../describe-history.ts'
import { EXIT_FAILURE } from '../exit-code.ts'
import { withData, withJson } from '../options.ts'
import { say, sayJson } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'
import { withNode } from '../with-node.ts'

/** `jarswarm verify-history`: nothing that was signed was taken back. */
export function addVerifyHistory(program: Command, { terminal, setExitCode }: CommandSetup): void {
  const command = withJson(withData(program.command('verify-history')))
    .summary('check that the history was only added to')
    .description(
      'Check that the history of the head in use continues that of every head that this node used before, and ' +
        'replay all of it against the index. With a range, only the heads in it are compared.\n\n' +
        'Exit code 1 when something does not agree, cannot be checked now, or a newer head was refused or is not in use.',
    )
    .argument('[repo]', 'repository name (default: all that are followed)')
    .option('--from <seq>', 'number of the first head to compare')
    .option('--to <seq>', 'number of the last head, or latest')
  command.action(async (name: string | undefined) => {
    const flags = givenFlags(command)
    const range = { name, ...readRange(flags) }
    const reports = await withNode({ terminal, flags, offline: false }, (node) =>
      node.verifyHistory(range, { signal: terminal.signal }),
    )
    if (flags['json'] === true) sayJson(terminal, reports)
    else for (const report of reports) say(terminal, describeVerified(report))
    if (!reports.every(isHistoryWell)) setExitCode(EXIT_FAILURE)
  })
}

function readRange(
  flags: Readonly<Record<string, unknown>>,
): Parameters<NodeControl['verifyHistory']>[0] {
  const from = readSeq(flags['from'])
  const to = readSeq(flags['to'])
  if (from !== undefined && to !== undefined && from > to) {
    throw new UsageError(
      `Cannot compare from head ${String(from)} to ${String(to)}: the earlier one is wanted first`,
    )
  }
  return { from, to }
}

function readSeq(value: unknown): number | undefined {
  if (value === undefined || value === 'latest') return undefined
  const seq = Number(value)
  if (Number.isSafeInteger(seq) && seq > 0) return seq
  throw new UsageError(`Cannot read ${JSON.stringify(value)}: the number of a head is wanted`)
}
