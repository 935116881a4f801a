import { isReason } from '@jarswarm/manifest'
import { checkClock, SystemClock } from '@jarswarm/node'
import { proposeWithdrawal, readWithdrawn, withdrawPaths } from '@jarswarm/publisher'
import type { WithdrawReport } from '@jarswarm/publisher'
import type { Command } from 'commander'
import type { CommandSetup } from '../command-setup.ts'
import { EXIT_FAILURE } from '../exit-code.ts'
import { lockWait } from '../lock-wait.ts'
import { withJson } from '../options.ts'
import { describeProposal, proposalDocument } from '../root-report.ts'
import { formatTable } from '../table.ts'
import { printable, remark, say, sayJson } from '../terminal.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'

interface Flags {
  readonly state: string
  readonly tree?: string
  readonly out?: string
  readonly reason?: string
  readonly list?: boolean
  readonly propose?: boolean
  readonly replace?: boolean
  readonly json?: boolean
}

/** What a reason begins with, so that users and programs know what to do about it. */
const REASONS = ['malware', 'credentials', 'legal']

const ABOUT = `Take published files back: they leave the index, nodes stop serving them within seconds, answer 410 \
with the reason, tell users whose builds fetched them, and remove them from disk after 30 days.

A path that ends in a slash means all files below it. No publish takes a withdrawn file in again, though it may still \
stand in the tree: remove it there. "repo publish --restore PATH" brings it back, with the bytes that it had.

100 files a day are withdrawn with the online keys alone. For more, run the command with --propose: it proposes a root \
that allows just this list. Its holders compare and sign it ("repo sign-root"), "repo apply-root" puts it in force, and \
the same command without --propose then withdraws the files.`

/** `jarswarm repo withdraw`: take published files back. */
export function addRepoWithdraw(repo: Command, { terminal, setExitCode }: CommandSetup): void {
  const command = withJson(repo.command('withdraw'))
    .summary('take published files back: malware, credentials, legal reasons')
    .description(ABOUT)
    .argument('[path...]', 'repository paths')
    .requiredOption('--state <dir>', 'directory that "repo init" made')
    .option('--tree <dir>', 'the Maven repository as it stands published')
    .option('--out <dir>', 'where "repo publish --from" wrote the published form')
    .option('--reason <why>', 'malware, credentials or legal, with more after a colon if you like')
    .option('--propose', 'propose a root that allows to withdraw these files, however many')
    .option('--replace', 'with --propose: drop a proposal that is under way, with its signatures')
    .option('--list', 'show what is withdrawn')
  command.action(async (paths: readonly string[], flags: Flags) => {
    if (flags.list === true) {
      await list(flags, terminal)
      return
    }
    if (paths.length === 0) throw new UsageError('Cannot withdraw: a path is wanted')
    const reason = readReason(flags.reason)
    checkClock(new SystemClock())
    if (flags.propose === true) {
      await propose({ paths, reason }, flags, terminal)
      return
    }
    const treeDir = treeOf(flags)
    const lock = lockWait(terminal)
    const report = await withdrawPaths({ stateDir: flags.state, treeDir, paths, reason, lock })
    if (flags.json === true) sayJson(terminal, report)
    else describe(report, treeDir, terminal)
    if (report.unknown.length > 0) setExitCode(EXIT_FAILURE)
  })
}

async function list({ state, json }: Flags, terminal: Terminal): Promise<void> {
  const withdrawn = (await readWithdrawn(state)).map(
    ({ path, digest, seq, issuedSeconds, reason }) => ({
      path,
      digest,
      seq,
      withdrawn: new Date(issuedSeconds * 1000).toISOString(),
      reason: reason ?? null,
    }),
  )
  if (json === true) sayJson(terminal, { withdrawn })
  else if (withdrawn.length === 0) say(terminal, 'Nothing is withdrawn.')
  else {
    const rows = withdrawn.map((one) => [
      one.withdrawn.slice(0, 10),
      printable(one.path),
      one.reason ?? '-',
    ])
    say(terminal, formatTable(['WITHDRAWN', 'PATH', 'REASON'], rows))
  }
}

async function propose(
  what: { readonly paths: readonly string[]; readonly reason: string },
  { state, replace, json }: Flags,
  terminal: Terminal,
): Promise<void> {
  const { proposal, batch, listFile, files, unknown } = await proposeWithdrawal({
    stateDir: state,
    ...what,
    replace,
    lock: lockWait(terminal),
  })
  if (json === true) {
    sayJson(terminal, { ...proposalDocument(proposal), batch, list: listFile, files, unknown })
    return
  }
  for (const line of describeProposal(proposal)) say(terminal, line)
  sayUnknown(unknown, terminal)
  say(
    terminal,
    `\n${String(files)} files stand in ${listFile}; its sha256sum is ${batch}.\n` +
      'Give it to the holders with the proposal: they read it, compare its sha256sum, and sign ("repo sign-root").\n' +
      'After "repo apply-root" run this command again without --propose, with the same paths and reason.',
  )
}

function describe(report: WithdrawReport, treeDir: string, terminal: Terminal): void {
  const { seq, withdrawn, already, unknown } = report
  say(terminal, `head ${String(seq)}: ${String(withdrawn.length)} files withdrawn`)
  for (const { path } of withdrawn) say(terminal, `  ${printable(path)}`)
  for (const path of already) remark(terminal, printable(`withdrawn before: ${path}`))
  sayUnknown(unknown, terminal)
  if (withdrawn.length > 0) {
    remark(
      terminal,
      `Remove the files from ${treeDir}: web servers that know nothing of this give them out.`,
    )
  }
}

function sayUnknown(unknown: readonly string[], terminal: Terminal): void {
  for (const path of unknown) remark(terminal, printable(`not published: ${path}`))
}

function readReason(reason: string | undefined): string {
  const kind = reason?.split(':')[0] ?? ''
  if (reason !== undefined && REASONS.includes(kind) && isReason(reason)) return reason
  throw new UsageError(
    `Cannot withdraw for the reason ${JSON.stringify(reason ?? '')}: --reason malware, credentials or legal is wanted, with up to 200 ASCII characters in all`,
  )
}

function treeOf({ tree, out }: Flags): string {
  const place = tree ?? out
  if (place !== undefined && (tree === undefined || out === undefined)) return place
  throw new UsageError('Cannot withdraw: one of --tree DIR and --out DIR is wanted')
}
