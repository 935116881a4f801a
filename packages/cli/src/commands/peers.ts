import { ControlClient } from '@jarswarm/node'
import type { PeerStatus } from '@jarswarm/ports'
import type { Command } from 'commander'
import { givenFlags } from '../command-setup.ts'
import type { CommandSetup } from '../command-setup.ts'
import { dataDirectory } from '../node-settings.ts'
import { withData, withJson } from '../options.ts'
import { formatTable } from '../table.ts'
import { say, sayJson } from '../terminal.ts'

/** `jarswarm peers`: the peers that the running node knows. */
export function addPeers(program: Command, { terminal }: CommandSetup): void {
  const command = withJson(withData(program.command('peers')))
    .summary('list the peers that the running node knows')
    .description('List the peers that the running node knows, connected ones first.')
  command.action(async () => {
    const flags = givenFlags(command)
    const node = new ControlClient(dataDirectory(flags, terminal.env))
    const peers = await node.peers({ signal: terminal.signal })
    if (flags['json'] === true) sayJson(terminal, peers)
    else if (peers.length === 0) say(terminal, 'No peers yet.')
    else say(terminal, describe(peers))
  })
}

function describe(peers: readonly PeerStatus[]): string {
  const sorted = peers.toSorted((a, b) => Number(b.connected) - Number(a.connected))
  return formatTable(
    ['PEER', 'STATE', 'ROUND TRIP', 'ADDRESS'],
    sorted.map((peer) => [
      peer.peer,
      peer.banned ? 'banned' : peer.connected ? 'connected' : 'known',
      peer.roundTripMs === undefined ? '' : `${peer.roundTripMs.toFixed(1)} ms`,
      peer.addresses[0] ?? '',
    ]),
  )
}
