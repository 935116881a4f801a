import type { Command } from 'commander'
import type { CommandSetup } from '../command-setup.ts'
import { readPublicKeys } from '../key-file.ts'
import { collect } from '../options.ts'
import { propose, withProposal } from '../propose.ts'
import type { ProposalFlags } from '../propose.ts'
import { readCount } from '../read-count.ts'
import { UsageError } from '../usage-error.ts'

interface Flags extends ProposalFlags {
  readonly role: readonly string[]
  readonly addKey?: readonly string[]
  readonly threshold?: string
}

/** `jarswarm repo rotate`: propose a root with new keys, or the same for another year. */
export function addRepoRotate(repo: Command, { terminal }: CommandSetup): void {
  const command = withProposal(repo.command('rotate'))
    .summary('propose new keys, or the same root for another year')
    .description(
      'Propose the next root. Role publisher or timestamp gets a new online key, made here; role root gets the ' +
        'keys named, and without any it is the same root for another year.\n\n' +
        'A proposal changes nothing until enough holders signed it and "repo apply-root" was run. To drop a key ' +
        'that was lost or stolen, use "repo revoke".',
    )
    .requiredOption('--role <publisher|timestamp|root>', 'whose keys (repeatable)', collect)
    .option(
      '--add-key <file.pub>',
      'public key of one more holder of the root (repeatable)',
      collect,
    )
    .option('--threshold <k>', 'how many root keys must sign from then on')
  command.action(async (flags: Flags) => {
    const { role, addKey, threshold } = flags
    const unknown = role.find((one) => !['publisher', 'timestamp', 'root'].includes(one))
    if (unknown !== undefined) {
      throw new UsageError(
        `Cannot use --role ${JSON.stringify(unknown)}: publisher, timestamp or root is wanted`,
      )
    }
    if (!role.includes('root') && (addKey !== undefined || threshold !== undefined)) {
      throw new UsageError('Cannot use --add-key or --threshold: they go with --role root')
    }
    await propose(terminal, flags, {
      rotate: (['publisher', 'timestamp'] as const).filter((use) => role.includes(use)),
      addRootKeys: await readPublicKeys(addKey),
      rootThreshold: readCount('threshold', threshold),
    })
  })
}
