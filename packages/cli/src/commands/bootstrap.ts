import { createBootstrap } from '@jarswarm/node'
import type { Command } from 'commander'
import { givenFlags } from '../command-setup.ts'
import type { CommandSetup } from '../command-setup.ts'
import { readNodeSettings } from '../node-settings.ts'
import { readyLine } from '../ready-line.ts'
import { serveUntilStopped } from '../serve-until-stopped.ts'
import { createTerminalLogger } from '../terminal-logger.ts'
import { remark, say, sayJson } from '../terminal.ts'
import { programVersion } from '../version.ts'
import { withSwarmOptions } from './node-options.ts'

const ABOUT = `Help the nodes of the joined repositories find each other: keep their addresses, answer
who has what, and pass new states on after verifying them. Stores no artifacts and
serves none.

Runs until it is stopped with Ctrl-C.`

/** `jarswarm bootstrap`: a node that helps others find each other. */
export function addBootstrap(program: Command, { terminal }: CommandSetup): void {
  const command = withSwarmOptions(program.command('bootstrap'))
    .summary('run a node that only helps others find each other')
    .description(ABOUT)
  command.action(async () => {
    const flags = givenFlags(command)
    const settings = await readNodeSettings(flags, terminal.env)
    const node = await createBootstrap({
      ...settings,
      logger: createTerminalLogger(terminal, settings.logLevel),
      version: programVersion(),
    })
    if (node.repositoryNames().length === 0) {
      remark(
        terminal,
        'No repository is followed: add some with --join LINK, or this node helps nobody.',
      )
    }
    await serveUntilStopped(node, terminal, () => {
      const listen = node.listenAddresses()
      if (flags['json'] === true) {
        sayJson(terminal, readyLine({ http: undefined, listen, link: node.link() }))
        return
      }
      for (const address of listen) say(terminal, `peers connect to       ${address}`)
      say(terminal, `data directory         ${settings.dataDir}`)
      say(terminal, `repositories           ${node.repositoryNames().join(', ')}`)
    })
  })
}
