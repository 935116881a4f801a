import { readRootState } from '@jarswarm/publisher'
import type { Command } from 'commander'
import type { CommandSetup } from '../command-setup.ts'
import { findPublicKey, readPublicKeys } from '../key-file.ts'
import { collect } from '../options.ts'
import { propose, withProposal } from '../propose.ts'
import type { ProposalFlags } from '../propose.ts'
import { readCount } from '../read-count.ts'

interface Flags extends ProposalFlags {
  readonly addKey?: readonly string[]
  readonly threshold?: string
}

/** `jarswarm repo revoke`: propose a root without a key that was lost or stolen. */
export function addRepoRevoke(repo: Command, { terminal }: CommandSetup): void {
  const command = withProposal(repo.command('revoke'))
    .summary('propose to drop keys that were lost or stolen')
    .description(
      'Propose a root that does not list these keys any more. An online key is replaced by a new one, and nodes ' +
        'forget what the old one signed. A root key goes for good; add another one with --add-key, or lower the ' +
        '--threshold, when too few would be left.',
    )
    .argument('<key...>', 'key id as "repo keys" shows it, or a file with the public key')
    .option(
      '--add-key <file.pub>',
      'public key of one more holder of the root (repeatable)',
      collect,
    )
    .option('--threshold <k>', 'how many root keys must sign from then on')
  command.action(async (keys: readonly string[], flags: Flags) => {
    const { current, pending } = await readRootState(flags.state)
    const roles = Object.values((pending?.proposed ?? current)?.roles ?? {})
    const known = roles.flatMap(({ publicKeys }) => publicKeys)
    await propose(terminal, flags, {
      revoke: await Promise.all(keys.map((key) => findPublicKey(key, known))),
      addRootKeys: await readPublicKeys(flags.addKey),
      rootThreshold: readCount('threshold', flags.threshold),
    })
  })
}
