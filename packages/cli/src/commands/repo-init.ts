import { initRepository, prepareRepository } from '@jarswarm/publisher'
import type { InitRepositoryOptions, NewRootKeys } from '@jarswarm/publisher'
import { fingerprintOf, isOrigin, isRepositoryName } from '@jarswarm/trust'
import type { Command } from 'commander'
import type { CommandSetup } from '../command-setup.ts'
import { readPublicKeys } from '../key-file.ts'
import { collect, withJson } from '../options.ts'
import { readPassphrase, withPassphrase } from '../passphrase.ts'
import { readCount } from '../read-count.ts'
import { say, sayJson } from '../terminal.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'

interface Flags {
  readonly state: string
  readonly name: string
  readonly origin?: string
  readonly rootKeys?: string
  readonly rootKey?: readonly string[]
  readonly threshold?: string
  readonly passphraseFile?: string
  readonly json?: boolean
}

/** `jarswarm repo init`: keys and identity of a new repository. */
export function addRepoInit(repo: Command, { terminal }: CommandSetup): void {
  const command = withPassphrase(
    withJson(repo.command('init'), 'print {id, name, link} as JSON; with --root-key {proposal}'),
  )
    .summary('make the keys and the identity of a repository')
    .description(
      'Make the keys of a repository and its first root, whose SHA-256 names the repository for good.\n\n' +
        'The online keys, publisher.pem and timestamp.pem, sign what is published. The root key is needed to ' +
        'replace keys only: move it offline. By default there is one, not encrypted. --root-keys makes several ' +
        'under a passphrase; --root-key takes public keys that their holders made with "repo key", who sign the ' +
        'first root then with "repo sign-root".\n\n' +
        'Keep the state directory, and keep it to yourself: whoever has the keys can publish.',
    )
    .requiredOption('--state <dir>', 'directory for keys and publishing state; made, or empty')
    .requiredOption('--name <name>', 'name under which nodes serve it: a-z, 0-9, ".", "_" and "-"')
    .option('--origin <url>', 'HTTP base URL where the tree is served')
    .option('--root-keys <n>', 'make so many root keys, under a passphrase')
    .option(
      '--root-key <file.pub>',
      "public key of one of the root's holders (repeatable)",
      collect,
    )
    .option('--threshold <k>', 'how many of them must sign a root (default: more than half)')
  command.action(async (flags: Flags) => {
    checkFlags(flags)
    const { state, name, origin } = flags
    const options = { stateDir: state, name, origin }
    if (flags.rootKey === undefined) await init(terminal, flags, options)
    else await prepare(terminal, flags, options)
  })
}

async function init(
  terminal: Terminal,
  flags: Flags,
  options: InitRepositoryOptions,
): Promise<void> {
  const rootKeys = await readNewRootKeys(terminal, flags)
  const { id, name, link } = await initRepository({ ...options, rootKeys })
  if (flags.json === true) {
    sayJson(terminal, { id, name, link })
    return
  }
  const { state } = flags
  const count = rootKeys?.count ?? 1
  const keys = `${state}/keys/`
  const files = count === 1 ? `${keys}root.pem` : `${keys}root-1.pem to root-${String(count)}.pem`
  say(terminal, `repository id   ${id}`)
  say(terminal, `fingerprint     ${fingerprintOf(id)}`)
  say(terminal, `swarm link      ${link}`)
  say(terminal, `keys            ${state} (keep it, and keep it to yourself)`)
  say(terminal, `root key        ${files}: publishing does not need it, move it offline now`)
  say(terminal, `\nNext: jarswarm repo publish --state ${state} --tree DIR`)
}

async function prepare(
  terminal: Terminal,
  flags: Flags,
  options: InitRepositoryOptions,
): Promise<void> {
  const publicKeys = await readPublicKeys(flags.rootKey)
  const threshold = readCount('threshold', flags.threshold) ?? majorityOf(publicKeys.length)
  const rootKeys = { publicKeys, threshold }
  const proposal = await prepareRepository({ ...options, rootKeys })
  if (flags.json === true) {
    sayJson(terminal, { proposal })
    return
  }
  say(
    terminal,
    `The first root is proposed in ${proposal}; ${String(threshold)} holders must sign it.`,
  )
  say(terminal, '\nNext, each of them, wherever they are, with a copy of it:')
  say(terminal, '  jarswarm repo sign-root --key KEYFILE PROPOSAL')
  say(terminal, 'and with what comes back:')
  say(terminal, `  jarswarm repo apply-root --state ${flags.state} PROPOSAL…`)
}

async function readNewRootKeys(terminal: Terminal, flags: Flags): Promise<NewRootKeys | undefined> {
  const count = readCount('root-keys', flags.rootKeys)
  if (count === undefined) {
    if (flags.threshold === undefined) return undefined
    throw new UsageError(
      'Cannot use --threshold alone: --root-keys or --root-key is wanted with it',
    )
  }
  const threshold = readCount('threshold', flags.threshold) ?? majorityOf(count)
  if (threshold > count) {
    throw new UsageError(
      `Cannot use --threshold ${String(threshold)}: at most the number of root keys, ${String(count)}, is wanted`,
    )
  }
  const options = { file: flags.passphraseFile, what: 'the root keys', isNew: true }
  return { count, threshold, passphrase: await readPassphrase(terminal, options) }
}

function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1
}

function checkFlags(flags: Flags): void {
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
  if (flags.rootKeys !== undefined && flags.rootKey !== undefined) {
    throw new UsageError('Cannot use --root-keys with --root-key: one of them is wanted')
  }
}
