import { readRootState } from '@jarswarm/publisher'
import type { RootState } from '@jarswarm/publisher'
import { fingerprintOf } from '@jarswarm/trust'
import type { Command } from 'commander'
import type { CommandSetup } from '../command-setup.ts'
import { withJson } from '../options.ts'
import { describeProposal, describeTerms, proposalDocument } from '../root-report.ts'
import { say, sayJson } from '../terminal.ts'
import { warnOfExpiry } from '../warn-of-expiry.ts'

interface Flags {
  readonly state: string
  readonly json?: boolean
}

/** `jarswarm repo keys`: whose keys count. */
export function addRepoKeys(repo: Command, { terminal }: CommandSetup): void {
  const command = withJson(repo.command('keys'))
    .summary('show whose keys count, and the root that is proposed')
    .description(
      'Show the keys of all roles by the root in force, and the root that is proposed, if any.',
    )
    .requiredOption('--state <dir>', 'directory that "repo init" made')
  command.action(async (flags: Flags) => {
    const state = await readRootState(flags.state)
    if (flags.json === true) {
      const { id = null, current = null, pending } = state
      sayJson(terminal, { id, root: current, proposed: pending ? proposalDocument(pending) : null })
      return
    }
    for (const line of describe(state)) say(terminal, line)
    await warnOfExpiry(terminal, flags.state)
  })
}

function describe({ id, current, pending, proposalFile }: RootState): readonly string[] {
  const inForce =
    id === undefined || current === undefined
      ? ['no root is in force yet']
      : [
          `root ${String(current.number)} of ${current.name}, repository ${fingerprintOf(id)} (${id})`,
          ...describeTerms(current),
        ]
  if (pending === undefined) return inForce
  return [...inForce, '', `proposed in ${proposalFile}:`, ...describeProposal(pending)]
}
