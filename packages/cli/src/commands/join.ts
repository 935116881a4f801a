import { ControlClient } from '@jarswarm/node'
import { fingerprintOf, formatLink, parseLink } from '@jarswarm/trust'
import type { Command } from 'commander'
import { givenFlags } from '../command-setup.ts'
import type { CommandSetup } from '../command-setup.ts'
import { dataDirectory, renameLink } from '../node-settings.ts'
import { withData, withJson } from '../options.ts'
import { say, sayJson } from '../terminal.ts'

/** `jarswarm join`: follow a repository with the node that runs. */
export function addJoin(program: Command, { terminal }: CommandSetup): void {
  const command = withJson(withData(program.command('join')))
    .summary('follow one more repository with the running node')
    .description(
      'Follow one more repository with the running node, from now on and after restarts. A name that ' +
        'another repository already has is refused; --as gives it another one here.\n\n' +
        'When no node runs, use: jarswarm start --join LINK',
    )
    .argument('<link>', "the repository's swarm link, quoted: 'jarswarm:…?name=…'")
    .option('--as <name>', 'name under which it is served here')
  command.action(async (link: string) => {
    const flags = givenFlags(command)
    const said = parseLink(link)
    const as = flags['as']
    const renamed = typeof as === 'string' ? renameLink(said, as) : said
    const node = new ControlClient(dataDirectory(flags, terminal.env))
    const status = await node.join(formatLink(renamed), { signal: terminal.signal })
    if (flags['json'] === true) sayJson(terminal, status)
    else say(terminal, `Joined ${status.name}, repository ${fingerprintOf(said.id)} (${said.id}).`)
  })
}
