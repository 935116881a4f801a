import type { VerifiedRepository } from '@jarswarm/node'
import type { Command } from 'commander'
import { givenFlags } from '../command-setup.ts'
import type { CommandSetup } from '../command-setup.ts'
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
      'Check that the history of the newest head continues that of every head that this node used before, and ' +
        'replay all of it against the index. With a range, only the heads in it are compared.\n\n' +
        'Exit code 1 when something does not agree.',
    )
    .argument('[repo]', 'repository name (default: all that are followed)')
    .option('--from <seq>', 'number of the first head to compare')
    .option('--to <seq>', 'number of the last head, or latest')
  command.action(async (name: string | undefined) => {
    const flags = givenFlags(command)
    const range = { name, from: readSeq(flags['from']), to: readSeq(flags['to']) }
    const reports = await withNode({ terminal, flags, offline: false }, (node) =>
      node.verifyHistory(range, { signal: terminal.signal }),
    )
    if (flags['json'] === true) sayJson(terminal, reports)
    else for (const report of reports) say(terminal, describe(report))
    if (!reports.every(isWell)) setExitCode(EXIT_FAILURE)
  })
}

function isWell({ inconsistent, replay }: VerifiedRepository): boolean {
  return inconsistent.length === 0 && replay?.mismatch === undefined
}

function describe({ repository, heads, inconsistent, replay }: VerifiedRepository): string {
  const lines = [
    inconsistent.length === 0
      ? `${repository}: the newest head continues all ${String(heads.length)} heads that were compared.`
      : `${repository}: the newest head REWRITES the history of head ${inconsistent.join(', ')}.`,
  ]
  if (replay?.mismatch !== undefined) {
    lines.push(
      `Index and history do not agree: ${replay.mismatch.path}: ${replay.mismatch.reason}.`,
    )
  } else if (replay !== undefined) {
    lines.push(
      `The index of ${String(replay.files)} files is exactly what the ${String(replay.lines)} lines of the history say.`,
    )
  }
  return lines.join('\n')
}

function readSeq(value: unknown): number | undefined {
  if (value === undefined || value === 'latest') return undefined
  const seq = Number(value)
  if (Number.isSafeInteger(seq) && seq > 0) return seq
  throw new UsageError(`Cannot read ${JSON.stringify(value)}: the number of a head is wanted`)
}
