import { createPrimary } from '@jarswarm/node'
import type { Command } from 'commander'
import type { CommandSetup } from '../command-setup.ts'
import { givenFlags } from '../command-setup.ts'
import { DEFAULT_HTTP, DEFAULT_LISTEN, SETTINGS } from '../node-settings.ts'
import { collect, withJson } from '../options.ts'
import { readyLine } from '../ready-line.ts'
import { serveUntilStopped } from '../serve-until-stopped.ts'
import { readOne, readSetting } from '../setting.ts'
import { createTerminalLogger } from '../terminal-logger.ts'
import { say, sayJson } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'
import { warnOfExpiry } from '../warn-of-expiry.ts'

const MAX_WATCH_SECONDS = 7 * 86_400
/** The whole tree is looked at this often: for what no event tells of. */
const WALK_SECONDS = 3_600

interface Flags {
  readonly state: string
  readonly tree: string
  readonly watch?: string | true
  readonly json?: boolean
}

/** `jarswarm repo serve`: the repository's own server. */
export function addRepoServe(repo: Command, { terminal }: CommandSetup): void {
  const command = withJson(repo.command('serve'), 'print one JSON line once it serves')
    .summary('serve the tree over HTTP and to the swarm')
    .description(
      'Serve the tree over HTTP as its origin, and be a member of the swarm that holds all of it. What was ' +
        'published, by whomever, is passed on at once; a tree that was never published is published first.\n\n' +
        'Runs until it is stopped with Ctrl-C.',
    )
    .requiredOption('--state <dir>', 'directory that "repo init" made')
    .requiredOption('--tree <dir>', 'the Maven repository')
    .option('--http <host:port>', 'the origin (default: 127.0.0.1:8470; port 0 is any free one)')
    .option(
      '--listen <multiaddr>',
      'where peers connect (default: /ip4/0.0.0.0/tcp/4870; repeatable)',
      collect,
    )
    .option(
      '--watch [seconds]',
      'publish what changes in the tree as it happens, and look at all of it this often (default: not at all; 3600)',
    )
    .option('--log-level <level>', 'silent, error, warn, info or debug (default: warn)')
  command.action(async (flags: Flags) => {
    const sources = { flags: givenFlags(command), env: {}, config: {}, configFile: '' }
    const walkMs = readWatch(flags.watch)
    await warnOfExpiry(terminal, flags.state)
    const primary = await createPrimary({
      stateDir: flags.state,
      treeDir: flags.tree,
      http: readOne(SETTINGS.http, sources) ?? DEFAULT_HTTP,
      listen: readSetting(SETTINGS.listen, sources) ?? [DEFAULT_LISTEN],
      logger: createTerminalLogger(terminal, readOne(SETTINGS.logLevel, sources) ?? 'warn'),
      ...(walkMs === undefined ? {} : { walkMs }),
    })
    await serveUntilStopped(primary, terminal, () => {
      const link = primary.link()
      const listen = primary.listenAddresses()
      if (flags.json === true) {
        sayJson(terminal, readyLine({ http: primary.url, listen, link }))
        return
      }
      say(terminal, `serves                 ${flags.tree}`)
      say(terminal, `as origin at           ${primary.url}/`)
      for (const address of listen) say(terminal, `peers connect to       ${address}`)
      say(terminal, `\nTo follow it: jarswarm start --join '${link}'`)
    })
  })
}

function readWatch(text: string | true | undefined): number | undefined {
  if (text === undefined) return undefined
  if (text === true) return WALK_SECONDS * 1000
  const seconds = Number(text)
  if (/^\d+(\.\d+)?$/.test(text) && seconds > 0 && seconds <= MAX_WATCH_SECONDS)
    return seconds * 1000
  throw new UsageError(
    `Cannot use --watch ${JSON.stringify(text)}: seconds, more than 0 and at most ${String(MAX_WATCH_SECONDS)}, are wanted`,
  )
}
