import { readFile } from 'node:fs/promises'
import { checkClock, SystemClock } from '@jarswarm/node'
import { applyRoot, readPublishedLink, resignTimestamp } from '@jarswarm/publisher'
import type { ApplyRootReport } from '@jarswarm/publisher'
import { fingerprintOf } from '@jarswarm/trust'
import type { Command } from 'commander'
import type { CommandSetup } from '../command-setup.ts'
import { EXIT_FAILURE } from '../exit-code.ts'
import { lockWait } from '../lock-wait.ts'
import { withJson } from '../options.ts'
import { describeSignatures, proposalDocument } from '../root-report.ts'
import { say, sayJson } from '../terminal.ts'

interface Flags {
  readonly state: string
  readonly tree?: string
  readonly json?: boolean
}

/** `jarswarm repo apply-root`: gather signatures, and put the root in force once they suffice. */
export function addRepoApplyRoot(repo: Command, { terminal, setExitCode }: CommandSetup): void {
  const command = withJson(repo.command('apply-root'))
    .summary('gather signatures, and put the proposed root in force')
    .description(
      'Gather the signatures on copies of the proposal. Once both thresholds are met, that of the root in force ' +
        'and that of the proposed one, the root is put in force, and with --tree what stands published there is ' +
        'signed anew under it; else a running "repo serve" does that at once, or the next publish. With too few ' +
        'signatures they are kept, and the exit code is 1. Whatever cut it off, do it again: a root that is in force ' +
        'already is said to be.',
    )
    .argument('[proposal...]', 'copies that came back from key holders')
    .requiredOption('--state <dir>', 'directory that "repo init" made')
    .option('--tree <dir>', 'the Maven repository as it stands published')
  command.action(async (files: readonly string[], flags: Flags) => {
    checkClock(new SystemClock())
    // A running server signs anew once the root is in force, at the same time as this command.
    const lock = lockWait(terminal)
    const proposals = await Promise.all(files.map((file) => readFile(file)))
    const report = await applyRoot({ stateDir: flags.state, proposals, names: files, lock })
    if (!report.applied) setExitCode(EXIT_FAILURE)
    const isFirst = report.proposal.roots.length === 0
    if (report.applied && flags.tree !== undefined && !isFirst) {
      await resignTimestamp({ stateDir: flags.state, treeDir: flags.tree, lock })
    }
    if (flags.json === true) {
      const { applied, already, removedKeys, id = null } = report
      const link = applied ? (await readPublishedLink(flags.state)).link : null
      sayJson(terminal, {
        ...proposalDocument(report.proposal),
        applied,
        already,
        id,
        link,
        removedKeys,
      })
      return
    }
    for (const line of describe(report)) say(terminal, line)
    if (report.applied && isFirst) {
      const { id, link } = await readPublishedLink(flags.state)
      say(terminal, `repository id   ${id}`)
      say(terminal, `fingerprint     ${fingerprintOf(id)}`)
      say(terminal, `swarm link      ${link}`)
    }
  })
}

function describe({ applied, already, proposal, removedKeys }: ApplyRootReport): readonly string[] {
  const number = String(proposal.number)
  if (!applied) {
    return [
      `Root ${number} is not in force yet; the signatures so far are kept.`,
      ...describeSignatures(proposal),
    ]
  }
  return [
    already ? `Root ${number} is in force already.` : `Root ${number} is in force.`,
    ...removedKeys.map((path) => `removed ${path}, which nobody trusts any more`),
  ]
}
