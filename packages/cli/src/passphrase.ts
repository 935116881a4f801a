import { readPrivateFile } from '@jarswarm/files'
import { MIN_PASSPHRASE_LENGTH } from '@jarswarm/trust'
import type { Command } from 'commander'
import { ask, canAsk } from './prompt.ts'
import type { Terminal } from './terminal.ts'
import { UsageError } from './usage-error.ts'

const VARIABLE = 'JARSWARM_PASSPHRASE'

/** Add `--passphrase-file`. */
export function withPassphrase(command: Command): Command {
  return command.option(
    '--passphrase-file <file>',
    `file whose first line is the passphrase (default: ${VARIABLE}, else it is asked for)`,
  )
}

/**
 * The passphrase of a private key: from a file, the environment, or whoever sits at the terminal.
 *
 * @param options.isNew whether it is for a new key: then it is asked for twice, and must be long enough
 * @throws {UsageError} when there is none, the two differ, or a new one is too short
 * @throws {KeysExposedError} when others can read the file
 */
export async function readPassphrase(
  terminal: Terminal,
  options: { readonly file: string | undefined; readonly what: string; readonly isNew: boolean },
): Promise<string> {
  const passphrase = await findPassphrase(terminal, options)
  if (!options.isNew || passphrase.length >= MIN_PASSPHRASE_LENGTH) return passphrase
  throw new UsageError(
    `Cannot use the passphrase: found ${String(passphrase.length)} characters, at least ${String(MIN_PASSPHRASE_LENGTH)} are wanted`,
  )
}

async function findPassphrase(
  terminal: Terminal,
  options: { readonly file: string | undefined; readonly what: string; readonly isNew: boolean },
): Promise<string> {
  if (options.file !== undefined) {
    const [line = ''] = (await readPrivateFile(options.file)).toString().split(/\r?\n/)
    return line
  }
  const said = terminal.env[VARIABLE]
  if (said !== undefined && said !== '') return said
  if (!canAsk(terminal)) {
    throw new UsageError(
      `Cannot open ${options.what}: found no passphrase and no terminal to ask at, --passphrase-file or ${VARIABLE} is wanted`,
    )
  }
  const passphrase = await ask(terminal, `Passphrase of ${options.what}: `, { hidden: true })
  if (!options.isNew) return passphrase
  if ((await ask(terminal, 'Once more: ', { hidden: true })) === passphrase) return passphrase
  throw new UsageError(
    'Cannot use the passphrase: found two different ones, the same twice is wanted',
  )
}
