import { initRepository } from '@jarswarm/publisher'
import { isOrigin, isRepositoryName } from '@jarswarm/trust'
import type { Command } from 'commander'
import type { CommandSetup } from '../command-setup.ts'
import { withJson } from '../options.ts'
import { say, sayJson } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'

interface Flags {
  readonly state: string
  readonly name: string
  readonly origin?: string
  readonly json?: boolean
}

/** `jarswarm repo init`: keys and identity of a new repository. */
export function addRepoInit(repo: Command, { terminal }: CommandSetup): void {
  const command = withJson(repo.command('init'), 'print {id, name, link} as JSON')
    .summary('make the keys and the identity of a repository')
    .description(
      'Make the keys of a repository and its first root, whose SHA-256 names the repository for good.\n\n' +
        'Keep the state directory, and keep it to yourself: whoever has the keys can publish.',
    )
    .requiredOption('--state <dir>', 'directory for keys and publishing state; made, or empty')
    .requiredOption('--name <name>', 'name under which nodes serve it: a-z, 0-9, ".", "_" and "-"')
    .option('--origin <url>', 'HTTP base URL where the tree is served')
  command.action(async (flags: Flags) => {
    if (!isRepositoryName(flags.name)) {
      throw new UsageError(
        `Cannot use --name ${JSON.stringify(flags.name)}: at most 64 of a-z, 0-9, ".", "_" and "-" are wanted, ` +
          'a letter or digit first',
      )
    }
    if (flags.origin !== undefined && !isOrigin(flags.origin)) {
      throw new UsageError(
        `Cannot use --origin ${JSON.stringify(flags.origin)}: an http or https URL without credentials, query ` +
          'or fragment is wanted',
      )
    }
    const { state, name, origin } = flags
    const { id, link } = await initRepository({ stateDir: state, name, origin })
    if (flags.json === true) {
      sayJson(terminal, { id, name, link })
      return
    }
    say(terminal, `repository id   ${id}`)
    say(terminal, `swarm link      ${link}`)
    say(terminal, `keys            ${state} (keep it, and keep it to yourself)`)
    say(terminal, `\nNext: jarswarm repo publish --state ${state} --tree DIR`)
  })
}
