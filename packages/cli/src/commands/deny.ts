import type { Denial, DenyChange } from '@jarswarm/node'
import type { Command } from 'commander'
import { givenFlags } from '../command-setup.ts'
import type { CommandSetup } from '../command-setup.ts'
import { EXIT_FAILURE } from '../exit-code.ts'
import { withData, withJson } from '../options.ts'
import { formatTable } from '../table.ts'
import { printable, say, sayJson } from '../terminal.ts'
import { withNode } from '../with-node.ts'

const ABOUT = `Files that this node gives to nobody, whatever their repository says: to no build (451 with your reason) and \
to no peer. It counts for this node alone, at once, and over restarts; it stands in deny.json in the data directory.`

/** `jarswarm deny`: the deny list of a node. */
export function addDeny(program: Command, setup: CommandSetup): void {
  const deny = program
    .command('deny')
    .summary('files that this node gives to nobody')
    .description(ABOUT)
    .helpCommand(false)
  const add = withNodeOptions(deny.command('add'))
    .summary('deny a file')
    .description('Deny a file by its repository path, or all files of some bytes by their SHA-256.')
    .argument('<path-or-sha256>', 'org/example/lib/1.0/lib-1.0.jar, or 64 hex digits')
    .option('--reason <why>', 'what builds are told')
  add.action(async (what: string) => {
    const flags = givenFlags(add)
    const reason = typeof flags['reason'] === 'string' ? flags['reason'] : null
    await change(setup, flags, { add: { what, reason } })
  })
  const remove = withNodeOptions(deny.command('remove'))
    .summary('give a file out again')
    .description('Take a path or a SHA-256 off the list. Exit code 1 when it is not on it.')
    .argument('<path-or-sha256>', 'as it was added')
  remove.action(async (what: string) => {
    const flags = givenFlags(remove)
    const before = await denials(setup, flags, {})
    if (!before.some((one) => one.what === what)) setup.setExitCode(EXIT_FAILURE)
    await change(setup, flags, { remove: what })
  })
  const list = withNodeOptions(deny.command('list')).summary('print the list').description(ABOUT)
  list.action(() => change(setup, givenFlags(list), {}))
}

function withNodeOptions(command: Command): Command {
  return withJson(withData(command), 'print {denied} as JSON')
}

function denials(
  { terminal }: CommandSetup,
  flags: Readonly<Record<string, unknown>>,
  wanted: DenyChange,
): Promise<readonly Denial[]> {
  const { signal } = terminal
  return withNode({ terminal, flags, offline: true }, (node) => node.denials(wanted, { signal }))
}

async function change(
  setup: CommandSetup,
  flags: Readonly<Record<string, unknown>>,
  wanted: DenyChange,
): Promise<void> {
  const { terminal } = setup
  const denied = await denials(setup, flags, wanted)
  if (flags['json'] === true) sayJson(terminal, { denied })
  else if (denied.length === 0) say(terminal, 'Nothing is denied.')
  else {
    const rows = denied.map(({ what, since, reason }) => [
      since.slice(0, 10),
      printable(what),
      reason ?? '-',
    ])
    say(terminal, formatTable(['SINCE', 'DENIED', 'REASON'], rows))
  }
}
