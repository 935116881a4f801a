import type { Command } from 'commander'
import { collect, withData, withJson } from '../options.ts'

/** Help of the options that every node has: those that follow repositories, and bootstraps. */
export function withSwarmOptions(command: Command): Command {
  return withJson(withData(command), 'print one JSON line once it serves')
    .option(
      '--join <link>',
      'follow the repository of this swarm link; remembered (repeatable)',
      collect,
    )
    .option('--as <name>', 'with one --join: the name under which it is served here')
    .option(
      '--listen <multiaddr>',
      'where peers connect (default: /ip4/0.0.0.0/tcp/4870; repeatable)',
      collect,
    )
    .option('--bootstrap <multiaddr>', 'a peer to begin with (repeatable)', collect)
    .option('--no-mdns', 'do not look for peers on the local network')
    .option('--log-level <level>', 'silent, error, warn, info or debug (default: warn)')
}
