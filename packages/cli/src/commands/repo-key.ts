import { formatPublicKey, generateKeyPair } from '@jarswarm/trust'
import type { Command } from 'commander'
import type { CommandSetup } from '../command-setup.ts'
import { shortKeyId, writeNewFile } from '../key-file.ts'
import { withJson } from '../options.ts'
import { readPassphrase, withPassphrase } from '../passphrase.ts'
import { say, sayJson } from '../terminal.ts'

const PRIVATE_MODE = 0o600
const PUBLIC_MODE = 0o644

interface Flags {
  readonly passphraseFile?: string
  readonly json?: boolean
}

/** `jarswarm repo key`: a key for one holder of a root. */
export function addRepoKey(repo: Command, { terminal }: CommandSetup): void {
  const command = withPassphrase(
    withJson(repo.command('key'), 'print {keyId, publicKey, privateFile, publicFile} as JSON'),
  )
    .summary('make a root key of your own, on a machine of your own')
    .description(
      'Make a root key under a passphrase, on the machine of its holder. Hand the public part, FILE.pub, to the ' +
        'operator, for "repo init --root-key" or "repo rotate --role root --add-key"; keep FILE and a copy of it ' +
        'where nobody else comes.\n\n' +
        'FILE is encrypted PKCS #8 in PEM, which OpenSSL reads, too.',
    )
    .argument('<file>', 'name of the new key')
  command.action(async (file: string, flags: Flags) => {
    const passphrase = await readPassphrase(terminal, {
      file: flags.passphraseFile,
      what: file,
      isNew: true,
    })
    const { publicKey, privateKey } = generateKeyPair(passphrase)
    const publicFile = `${file}.pub`
    await writeNewFile(file, privateKey, PRIVATE_MODE)
    await writeNewFile(publicFile, formatPublicKey(publicKey), PUBLIC_MODE)
    const keyId = shortKeyId(publicKey)
    if (flags.json === true) {
      sayJson(terminal, { keyId, publicKey, privateFile: file, publicFile })
      return
    }
    say(terminal, `key id        ${keyId}`)
    say(terminal, `public key    ${publicFile} (for the operator)`)
    say(terminal, `private key   ${file} (keep it, and keep it to yourself)`)
  })
}
