import type { NodeControl } from '@jarswarm/node'
import type { Command } from 'commander'
import { givenFlags } from '../command-setup.ts'
import type { CommandSetup } from '../command-setup.ts'
import { allow, deny } from '../deny/denied-files.ts'
import { EXIT_FAILURE } from '../exit-code.ts'
import { withData, withJson } from '../options.ts'
import { formatTable } from '../table.ts'
import { printable, remark, say, sayJson } from '../terminal.ts'
import { withNode } from '../with-node.ts'

const ABOUT = `Files that this node gives to nobody, whatever their repository says: to no build (451 with your reason) and \
to no peer. It counts for this node alone, at once, and over restarts; it stands in deny.json in the data directory.`

/** `jarswarm deny`: the deny list of a node. */
export function addDeny(program: Command, setup: CommandSetup): void {
  const { terminal } = setup
  const group = program
    .command('deny')
    .summary('files that this node gives to nobody')
    .description(ABOUT)
    .helpCommand(false)
  const add = withNodeOptions(group.command('add'))
    .summary('deny a file')
    .description(
      'Deny a file by its repository path, the files that are below a directory now, or all files of some bytes by their SHA-256.',
    )
    .argument(
      '<path-or-sha256>',
      'org/example/lib/1.0/lib-1.0.jar, a directory with a slash at its end, or 64 hex digits',
    )
    .option('--reason <why>', 'what builds are told')
  add.action(async (what: string) => {
    const flags = givenFlags(add)
    const reason = typeof flags['reason'] === 'string' ? flags['reason'] : null
    await withList(setup, flags, (node) => deny(node, { what, reason }, terminal))
  })
  const remove = withNodeOptions(group.command('remove'))
    .summary('give a file out again')
    .description('Take a path or a SHA-256 off the list. Exit code 1 when it is not on it.')
    .argument('<path-or-sha256>', 'as it was added')
  remove.action(async (what: string) => {
    await withList(setup, givenFlags(remove), async (node) => {
      if (await allow(node, what, terminal)) return
      remark(terminal, printable(`${what} is not on the list`))
      setup.setExitCode(EXIT_FAILURE)
    })
  })
  const list = withNodeOptions(group.command('list')).summary('print the list').description(ABOUT)
  list.action(() => withList(setup, givenFlags(list), () => Promise.resolve()))
}

function withNodeOptions(command: Command): Command {
  return withJson(withData(command), 'print {denied} as JSON')
}

/** Do something with the deny list, and show what it is then. */
async function withList(
  { terminal }: CommandSetup,
  flags: Readonly<Record<string, unknown>>,
  task: (node: NodeControl) => Promise<void>,
): Promise<void> {
  const { signal } = terminal
  const denied = await withNode({ terminal, flags, offline: true }, async (node) => {
    await task(node)
    return await node.denials({}, { signal })
  })
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
