import type { Command } from 'commander'
import type { CommandSetup } from '../command-setup.ts'
import { runDemo } from '../demo/demo.ts'
import { EXIT_FAILURE } from '../exit-code.ts'
import { withJson } from '../options.ts'

const ABOUT = `Run a whole swarm on this machine, each part in its own process: a primary that
publishes a sample repository (or your own tree), a bootstrap, and three nodes. Then the
primary is killed, and a file is fetched from a node that lacked it.

It stays up, and prints what to paste into curl, lein and mvn. Ctrl-C ends all of it and
removes what it made. It uses free ports and temporary directories only, and never
writes into your tree.`

/** `jarswarm demo`: see it work. */
export function addDemo(program: Command, { terminal, setExitCode }: CommandSetup): void {
  const command = withJson(
    program.command('demo'),
    'print the ready line of the asked node and one document with the outcome',
  )
    .summary('see it work: a whole swarm on this machine')
    .description(ABOUT)
    .option(
      '--tree <dir>',
      'show it with this Maven tree, such as ~/.m2/repository (default: a sample)',
    )
  command.action(async (flags: { readonly tree?: string; readonly json?: boolean }) => {
    const matches = await runDemo(terminal, { tree: flags.tree, json: flags.json === true })
    if (!matches) setExitCode(EXIT_FAILURE)
  })
}
