import { readFile } from 'node:fs/promises'
import { PUBLIC_FILE_MODE, writeFileAtomically } from '@jarswarm/files'
import { RootProposal } from '@jarswarm/trust'
import type { Command } from 'commander'
import type { CommandSetup } from '../command-setup.ts'
import { EXIT_REFUSED } from '../exit-code.ts'
import { readSigner } from '../key-file.ts'
import { withJson } from '../options.ts'
import { withPassphrase } from '../passphrase.ts'
import { ask, canAsk } from '../prompt.ts'
import { describeProposal, describeSignatures, proposalDocument } from '../root-report.ts'
import { remark, say, sayJson } from '../terminal.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'

interface Flags {
  readonly key: string
  readonly yes?: boolean
  readonly passphraseFile?: string
  readonly json?: boolean
}

/** `jarswarm repo sign-root`: one holder's signature, on their own machine. */
export function addRepoSignRoot(repo: Command, { terminal, setExitCode }: CommandSetup): void {
  const command = withPassphrase(withJson(repo.command('sign-root')))
    .summary("add one holder's signature to a proposed root")
    .description(
      'Show what a proposed root changes, and after a yes add your signature to the file. Needs nothing but the ' +
        'proposal and your key, and no network. The file carries all roots before it, which are verified: compare ' +
        'the repository id with the one you know.',
    )
    .argument('<proposal>', 'proposal.json, as "repo rotate" or "repo revoke" made it')
    .requiredOption('--key <file>', 'your root key')
    .option('--yes', 'sign without being asked')
  command.action(async (file: string, flags: Flags) => {
    const proposal = RootProposal.parse(await readFile(file))
    for (const line of describeProposal(proposal)) remark(terminal, line)
    if (flags.yes !== true && !(await confirm(terminal))) {
      remark(terminal, 'Not signed.')
      setExitCode(EXIT_REFUSED)
      return
    }
    const signer = await readSigner(terminal, flags.key, flags.passphraseFile)
    const signed = proposal.sign(signer)
    await writeFileAtomically(file, signed.format(), { mode: PUBLIC_FILE_MODE })
    if (flags.json === true) sayJson(terminal, proposalDocument(signed))
    else {
      say(terminal, `Signed with ${signer.keyId.slice(0, 16)}; hand ${file} back to the operator.`)
      for (const line of describeSignatures(signed)) say(terminal, line)
    }
  })
}

async function confirm(terminal: Terminal): Promise<boolean> {
  if (!canAsk(terminal)) {
    throw new UsageError('Cannot ask whether to sign: found no terminal, --yes is wanted')
  }
  return (await ask(terminal, 'Sign this root? Type "yes": ')).trim() === 'yes'
}
