import type { FileHistory } from '@jarswarm/node'
import type { Command } from 'commander'
import { givenFlags } from '../command-setup.ts'
import type { CommandSetup } from '../command-setup.ts'
import { EXIT_FAILURE } from '../exit-code.ts'
import { withData, withJson } from '../options.ts'
import { printable, say, sayJson } from '../terminal.ts'
import { withNode } from '../with-node.ts'

/** `jarswarm history`: everything that ever happened to a path. */
export function addHistory(program: Command, { terminal, setExitCode }: CommandSetup): void {
  const command = withJson(withData(program.command('history')))
    .summary('show everything that ever happened to a file')
    .description(
      'Show every event of a file in the history of its repository, each checked against the signed head by its ' +
        'proof of inclusion; --json includes the proofs.\n\nThe first question fetches the history, about 150 ' +
        'bytes a file, and keeps it.\n\nExit code 1 when the history never names the file.',
    )
    .argument('<repo/path>', 'repository name and path')
  command.action(async (address: string) => {
    const flags = givenFlags(command)
    const found = await withNode({ terminal, flags, offline: false }, (node) =>
      node.history(address, { signal: terminal.signal }),
    )
    if (flags['json'] === true) sayJson(terminal, found)
    else say(terminal, describe(found))
    if (found.events.length === 0) setExitCode(EXIT_FAILURE)
  })
}

function describe({ path, events, head, observed }: FileHistory): string {
  if (events.length === 0) {
    return `${path} is not named in the history up to head ${String(head.seq)} of ${head.issued}.`
  }
  const first = observed === null ? 'first published' : `first seen at ${printable(observed)}`
  const lines = events.map(({ kind, seq, digest, reason }, place) => {
    const said = kind === 'del' ? 'removed' : place === 0 ? first : 'published'
    return `head ${String(seq)}: ${said}, SHA-256 ${digest}${reason === undefined ? '' : `, ${printable(reason)}`}`
  })
  const proven = `Each line is proven to be in the history of head ${String(head.seq)} of ${head.issued}.`
  return [path, ...lines, proven].join('\n')
}
