import { createNode } from '@jarswarm/node'
import type { Node } from '@jarswarm/node'
import { fingerprintOf } from '@jarswarm/trust'
import type { Command } from 'commander'
import { givenFlags } from '../command-setup.ts'
import type { CommandSetup } from '../command-setup.ts'
import { addDiskThreads } from '../disk-threads.ts'
import { readNodeSettings } from '../node-settings.ts'
import type { NodeSettings } from '../node-settings.ts'
import { collect } from '../options.ts'
import { readyLine } from '../ready-line.ts'
import type { ReadyLine } from '../ready-line.ts'
import { serveUntilStopped } from '../serve-until-stopped.ts'
import { createTerminalLogger } from '../terminal-logger.ts'
import { say, sayJson } from '../terminal.ts'
import type { Terminal } from '../terminal.ts'
import { programVersion } from '../version.ts'
import { withSmallYoungGeneration } from '../young-generation.ts'
import { withSwarmOptions } from './node-options.ts'

const ABOUT = `Run a node: it serves the repositories that it follows to lein, clj, mvn and gradle,
fetches what it lacks from other nodes or the origin, verifies every byte and keeps it.

Runs until it is stopped with Ctrl-C. With CI set, it shares nothing and does not fetch
the whole index, unless told otherwise.`

/** `jarswarm start`: a node with its Maven endpoint. */
export function addStart(program: Command, { terminal }: CommandSetup): void {
  const command = withSwarmOptions(program.command('start'))
    .summary('run a node: the Maven endpoint of this machine')
    .description(ABOUT)
    .option(
      '--http <host:port>',
      'the Maven endpoint (default: 127.0.0.1:8470; port 0 is any free one)',
    )
    .option(
      '--https <host:port|off>',
      'the same over TLS, with a certificate of its own (default: 127.0.0.1:8471, off when that is taken)',
    )
    .option('--allow-host <name>', 'answer requests for this host name too (repeatable)', collect)
    .option(
      '--mirror <none|all|glob>',
      'hold nothing beforehand, everything, or the paths of a glob (default: none; globs repeatable)',
      collect,
    )
    .option(
      '--public <url>',
      'serve the repositories, and nothing else, to everyone at this URL, which leads here, mostly through a web server with TLS (with --mirror)',
    )
    .option(
      '--proxy <name=url>',
      "pass on a repository that nobody signed, such as central=https://repo1.maven.org/maven2/: checked against its origin's own checksums and kept (repeatable)",
      collect,
    )
    .option('--quota <size>', 'most that is stored, such as 500M or 20G (default: 20G)')
    .option(
      '--donate <size>',
      'space beside the quota, such as 5G, for a share of what the repositories have, so that the swarm holds everything several times (split by their sizes; default: none)',
    )
    .option(
      '--share <all|lan|none>',
      'who may learn what is held here (default: all; none with CI set)',
    )
    .option(
      '--freshness <default|enforce>',
      'enforce: what has expired says nothing of what is newest or absent (default: for 30 days it does, marked stale)',
    )
    .option(
      '--strict',
      'of an observed repository, serve only what its signed index names (default: what is newer is passed on, marked)',
    )
    .option('--offline', 'no network at all: serve what is stored')
  command.action(async () => {
    addDiskThreads()
    const flags = givenFlags(command)
    const settings = await readNodeSettings(flags, terminal.env)
    const node = await withSmallYoungGeneration(() => makeNode(settings, terminal))
    await serveUntilStopped(node, terminal, () => {
      if (flags['json'] === true) sayJson(terminal, describeReady(node))
      else say(terminal, describe(node, settings))
    })
  })
}

function makeNode(settings: NodeSettings, terminal: Terminal): Promise<Node> {
  const logger = createTerminalLogger(terminal, settings.logLevel)
  return createNode({ ...settings, logger, version: programVersion() })
}

function describeReady(node: Node): ReadyLine {
  return readyLine({
    http: node.url,
    https: node.secureUrl,
    cert: node.certificateFile,
    listen: node.listenAddresses(),
    link: node.link(),
  })
}

const SHARING = {
  all: 'what is held here is offered to every peer (--share lan or none to change that)',
  both: 'what is signed is offered to every peer, the rest on the local network only (--share lan or none to change that)',
  lan: 'what is held here is offered to peers on the local network only',
  none: 'what is held here is offered to nobody',
} as const

/** @param follows whether there is a signed repository: files of a proxied one never leave the local network */
function describeSharing({ offline, share, proxy }: NodeSettings, follows: boolean): string {
  if (offline) return 'offline: no network is used'
  const sharing = share === 'all' && proxy.length > 0 ? (follows ? 'both' : 'lan') : share
  return SHARING[sharing]
}

function describeSecure(node: Node, { https }: NodeSettings): string {
  if (node.secureUrl !== undefined)
    return `${node.secureUrl}/ with the certificate ${node.certificateFile ?? ''}`
  return https === undefined
    ? 'off'
    : `off: port ${String(https.port)} is taken; choose another with --https HOST:PORT`
}

/** Where strangers read, and what to do when nobody is sent there. */
function describePublic(node: Node): readonly string[] {
  return (node.statusNow().public ?? []).map(({ name, url, listed }) => {
    if (listed === null)
      return `public                 ${url} (${name}: its list of mirrors is not known yet)`
    return listed
      ? `public                 ${url} (${name}: on the signed list of mirrors)`
      : `public                 ${url} (${name}: not on the signed list; ask its operator for "jarswarm repo mirrors add ${url}")`
  })
}

function describe(node: Node, settings: NodeSettings): string {
  const url = node.url ?? ''
  const names = node.repositoryNames()
  const lines = [
    `jarswarm serves at     ${url}/`,
    `over TLS               ${describeSecure(node, settings)}`,
    ...names.map((name) => `repository             ${url}/${name}/`),
    ...settings.join.map(
      ({ id, name }) => `joined                 ${name}, repository ${fingerprintOf(id)}`,
    ),
    ...settings.proxy.map(
      (proxy) => `passed on, unsigned    ${url}/${proxy.name}/ from ${proxy.url}`,
    ),
    ...describePublic(node),
    `data directory         ${settings.dataDir}`,
    ...node.listenAddresses().map((address) => `peers connect to       ${address}`),
    `sharing                ${describeSharing(settings, names.length > 0)}`,
  ]
  if (names.length === 0 && settings.proxy.length === 0) {
    lines.push('', "No repository is followed yet. Join one with: jarswarm join 'jarswarm:…'")
  } else {
    lines.push(
      '',
      `Point a client at it with: jarswarm setup lein (or clj, maven, gradle, boot). Ctrl-C stops the node.`,
    )
  }
  return lines.join('\n')
}
