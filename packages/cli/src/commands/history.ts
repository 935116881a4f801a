import type { Command } from 'commander'
import { givenFlags } from '../command-setup.ts'
import type { CommandSetup } from '../command-setup.ts'
import { describeFileHistory } from '../describe-history.ts'
import { EXIT_FAILURE } from '../exit-code.ts'
import { withData, withJson } from '../options.ts'
import { say, sayJson } from '../terminal.ts'
import { withNode } from '../with-node.ts'

/** `jarswarm history`: everything that ever happened to a path. */
export function addHistory(program: Command, { terminal, setExitCode }: CommandSetup): void {
  const command = withJson(withData(program.command('history')))
    .summary('show everything that ever happened to a file')
    .description(
      'Show every event of a file in the history of its repository, each checked against the signed head by its ' +
        'proof of inclusion; --json includes the proofs.\n\nThe first question fetches the history, about 150 ' +
        'bytes a file, and keeps it. The date is that of the head, for heads that were in use here.\n\nExit code 1 when the history never names the file.',
    )
    .argument('<repo/path>', 'repository name and path')
  command.action(async (address: string) => {
    const flags = givenFlags(command)
    const found = await withNode({ terminal, flags, offline: false }, (node) =>
      node.history(address, { signal: terminal.signal }),
    )
    if (flags['json'] === true) sayJson(terminal, found)
    else say(terminal, describeFileHistory(found))
    if (found.events.length === 0) setExitCode(EXIT_FAILURE)
  })
}
