import { readRootState } from '@jarswarm/publisher'
import { isPeerAddress } from '@jarswarm/trust'
import type { Command } from 'commander'
import type { CommandSetup } from '../command-setup.ts'
import { withJson } from '../options.ts'
import { propose, withProposal } from '../propose.ts'
import type { ProposalFlags } from '../propose.ts'
import { say, sayJson } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'

const ABOUT = `Peers that newcomers begin with stand in the root, so the next root is proposed
when they change.`

/** `jarswarm repo bootstrap`: the peers that the root names. */
export function addRepoBootstrap(repo: Command, { terminal }: CommandSetup): void {
  const bootstrap = repo
    .command('bootstrap')
    .summary('the peers that newcomers begin with: add, remove, list')
    .description(ABOUT)
    .helpCommand(false)
  for (const verb of ['add', 'remove'] as const) {
    const command = withProposal(bootstrap.command(verb))
      .summary(
        `propose a root that ${verb === 'add' ? 'names these peers too' : 'does not name these peers'}`,
      )
      .description(`Propose the next root. ${ABOUT}`)
      .argument('<multiaddr...>', 'such as /dns4/peer.example.org/tcp/4870/p2p/12D3KooW…')
    command.action(async (peers: readonly string[], flags: ProposalFlags) => {
      const bad = peers.find((peer) => !isPeerAddress(peer))
      if (bad !== undefined) {
        throw new UsageError(
          `Cannot use ${JSON.stringify(bad)}: a multiaddr ending in /p2p/<peer id> is wanted`,
        )
      }
      const change = verb === 'add' ? { addBootstrap: peers } : { removeBootstrap: peers }
      await propose(terminal, flags, change)
    })
  }
  const list = withJson(bootstrap.command('list'))
    .summary('list the peers that the root in force names')
    .description('List the peers that the root in force names.')
    .requiredOption('--state <dir>', 'directory that "repo init" made')
  list.action(async (flags: ProposalFlags) => {
    const { current } = await readRootState(flags.state)
    const peers = current?.bootstrap ?? []
    if (flags.json === true) sayJson(terminal, { bootstrap: peers })
    else for (const peer of peers) say(terminal, peer)
  })
}
