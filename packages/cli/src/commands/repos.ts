import type { RepositoryStatus } from '@jarswarm/ports'
import type { Command } from 'commander'
import { givenFlags } from '../command-setup.ts'
import type { CommandSetup } from '../command-setup.ts'
import { formatDuration } from '../duration.ts'
import { withData, withJson } from '../options.ts'
import { formatSize } from '../size.ts'
import { formatTable } from '../table.ts'
import { say, sayJson } from '../terminal.ts'
import { withNode } from '../with-node.ts'

/** `jarswarm repos`: the repositories that a data directory follows. */
export function addRepos(program: Command, { terminal }: CommandSetup): void {
  const command = withJson(withData(program.command('repos')))
    .summary('list the repositories that are followed')
    .description('List the repositories that are followed, whether the node runs or not.')
  command.action(async () => {
    const flags = givenFlags(command)
    const repositories = await withNode({ terminal, flags, offline: true }, (node) =>
      node.repositories({ signal: terminal.signal }),
    )
    if (flags['json'] === true) sayJson(terminal, repositories)
    else if (repositories.length === 0) {
      say(terminal, 'No repository is followed; join one with: jarswarm start --join LINK')
    } else say(terminal, describe(repositories))
  })
}

function describe(repositories: readonly RepositoryStatus[]): string {
  const notes = repositories.flatMap(({ name, observed }) =>
    observed === null
      ? []
      : [
          `${name} is observed: signed by someone who saw these bytes at ${observed}, not by its operator`,
        ],
  )
  return [toTable(repositories), ...notes].join('\n')
}

function toTable(repositories: readonly RepositoryStatus[]): string {
  return formatTable(
    ['NAME', 'STATE', 'AGE', 'FRESHNESS', 'FILES', 'SIZE', 'ORIGIN', 'ID'],
    repositories.map(({ name, head, freshness, origin, id }) => [
      name,
      head === null ? 'none yet' : String(head.seq),
      head === null ? '' : formatDuration(head.ageSeconds),
      freshness,
      head === null ? '' : String(head.files),
      head === null ? '' : formatSize(head.bytes),
      origin ?? '',
      `${id.slice(0, 16)}…`,
    ]),
  )
}
