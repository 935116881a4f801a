import { checkClock, SystemClock } from '@jarswarm/node'
import { proposeRoot, readRootState } from '@jarswarm/publisher'
import type { RootChange } from '@jarswarm/publisher'
import type { Command } from 'commander'
import { lockWait } from './lock-wait.ts'
import { withJson } from './options.ts'
import { describeProposal, proposalDocument } from './root-report.ts'
import { say, sayJson } from './terminal.ts'
import type { Terminal } from './terminal.ts'

/** Options that every command has which proposes a root. */
export interface ProposalFlags {
  readonly state: string
  readonly replace?: boolean
  readonly json?: boolean
}

/** Add the options that every command has which proposes a root. */
export function withProposal(command: Command): Command {
  return withJson(command)
    .requiredOption('--state <dir>', 'directory that "repo init" made')
    .option('--replace', 'drop a proposal that is under way, with its signatures')
}

/** Propose the next root, and say what its holders are to do. */
export async function propose(
  terminal: Terminal,
  flags: ProposalFlags,
  change: RootChange,
): Promise<void> {
  checkClock(new SystemClock())
  const { state, replace } = flags
  const { pending } = await readRootState(state)
  const proposal = await proposeRoot({
    stateDir: state,
    change,
    replace,
    lock: lockWait(terminal),
  })
  const { proposalFile } = await readRootState(state)
  if (flags.json === true) {
    const replaces = pending !== undefined
    sayJson(terminal, { proposal: proposalFile, replaces, ...proposalDocument(proposal) })
    return
  }
  for (const line of describeProposal(proposal)) say(terminal, line)
  if (pending !== undefined) {
    say(
      terminal,
      `\nThis takes the place of the proposal of root ${String(pending.number)} that was there. Copies of that one are void: ` +
        'get them all back before you give out this one, so that nobody signs both.',
    )
  }
  say(
    terminal,
    `\nNext, each holder of a root key, wherever they are, with a copy of ${proposalFile}:`,
  )
  say(terminal, '  jarswarm repo sign-root --key KEYFILE PROPOSAL')
  say(terminal, 'and with what comes back:')
  say(terminal, `  jarswarm repo apply-root --state ${state} --tree DIR PROPOSAL…`)
}
