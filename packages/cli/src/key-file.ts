import { open, readFile } from 'node:fs/promises'
import { readPrivateFile } from '@jarswarm/files'
import { createSigner, isEncryptedKey, keyIdOf, parsePublicKey } from '@jarswarm/trust'
import type { Signer } from '@jarswarm/trust'
import { readPassphrase } from './passphrase.ts'
import type { Terminal } from './terminal.ts'
import { UsageError } from './usage-error.ts'

/** Digits of a key id that are shown, and least that names a key. */
const SHOWN_DIGITS = 16
const KEY_ID = /^[0-9a-f]{8,64}$/

/** The beginning of the id of a public key. */
export function shortKeyId(publicKey: string): string {
  return keyIdOf(publicKey).slice(0, SHOWN_DIGITS)
}

/**
 * Read the private key in a file, and ask for its passphrase when it has one.
 *
 * @throws {KeysExposedError} when others can read it
 */
export async function readSigner(
  terminal: Terminal,
  file: string,
  passphraseFile: string | undefined,
): Promise<Signer> {
  const pem = (await readPrivateFile(file)).toString()
  if (!isEncryptedKey(pem)) return createSigner(pem)
  const options = { file: passphraseFile, what: file, isNew: false }
  return createSigner(pem, await readPassphrase(terminal, options))
}

/**
 * Read the public keys in files.
 *
 * @returns 64 hex characters each
 */
export function readPublicKeys(files: readonly string[] = []): Promise<readonly string[]> {
  return Promise.all(files.map(async (file) => parsePublicKey(await readFile(file, 'utf8'))))
}

/**
 * The public key that a text means: a file, or at least 8 digits of the id of one of those known.
 *
 * @throws {UsageError} when it is neither
 */
export async function findPublicKey(text: string, known: readonly string[]): Promise<string> {
  if (!KEY_ID.test(text)) return parsePublicKey(await readFile(text, 'utf8'))
  const [found, ...others] = new Set(known.filter((key) => keyIdOf(key).startsWith(text)))
  if (found !== undefined && others.length === 0) return found
  throw new UsageError(
    `Cannot find key ${text}: ${String(found === undefined ? 0 : others.length + 1)} keys of the root begin so, one is wanted; see "repo keys"`,
  )
}

/**
 * Write a new file that nobody else reads, and make it durable.
 *
 * @throws {UsageError} when the name is taken
 */
export async function writeNewFile(path: string, text: string, mode: number): Promise<void> {
  let handle
  try {
    handle = await open(path, 'wx', mode)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw new UsageError(`Cannot write ${path}: it is there already, a new name is wanted`, {
        cause: error,
      })
    }
    throw error
  }
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
