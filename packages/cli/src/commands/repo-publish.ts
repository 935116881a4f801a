import { checkClock, SystemClock } from '@jarswarm/node'
import { publishTree } from '@jarswarm/publisher'
import type { PublishReport } from '@jarswarm/publisher'
import { SingleBar } from 'cli-progress'
import type { Command } from 'commander'
import type { CommandSetup } from '../command-setup.ts'
import { EXIT_REFUSED } from '../exit-code.ts'
import { withJson } from '../options.ts'
import { formatSize } from '../size.ts'
import { printable, remark, say, sayJson } from '../terminal.ts'
import type { Terminal } from '../terminal.ts'
import { warnOfExpiry } from '../warn-of-expiry.ts'

/** Paths of each kind that are named in text: a screenful. */
const MAX_NAMED_PATHS = 20

interface Flags {
  readonly state: string
  readonly tree: string
  readonly allowShrink?: boolean
  readonly json?: boolean
}

/** `jarswarm repo publish`: sign what the tree holds now. */
export function addRepoPublish(repo: Command, { terminal, setExitCode }: CommandSetup): void {
  const command = withJson(repo.command('publish'), 'print the outcome as JSON')
    .summary('sign what the tree holds now')
    .description(
      'Index what the tree holds now, sign it, and write static files below .jarswarm/ in the tree, which any ' +
        'web server can give out. What did not change since the last time is not read again.\n\n' +
        'A release whose bytes changed is refused: the old entry stays, everything else is published, and the ' +
        'exit code is 3. A release that vanished stays in the index.',
    )
    .requiredOption('--state <dir>', 'directory that "repo init" made')
    .requiredOption('--tree <dir>', 'the Maven repository')
    .option('--allow-shrink', 'publish although less than half of the files of last time are there')
  command.action(async (flags: Flags) => {
    checkClock(new SystemClock())
    const report = await publishWithProgress(flags, terminal)
    if (flags.json === true) sayJson(terminal, report)
    else describe(report, terminal)
    if (report.refused.length > 0) setExitCode(EXIT_REFUSED)
    await warnOfExpiry(terminal, flags.state)
  })
}

async function publishWithProgress(
  flags: Flags,
  { err, signal }: Terminal,
): Promise<PublishReport> {
  const places = {
    stateDir: flags.state,
    treeDir: flags.tree,
    allowShrink: flags.allowShrink === true,
    signal,
  }
  if (err.isTTY !== true) return publishTree(places)
  const bar = new SingleBar({
    stream: err,
    clearOnComplete: true,
    format: '{bar} {value} of {total} files, {hashed} read',
  })
  bar.start(0, 0, { hashed: formatSize(0) })
  try {
    return await publishTree({
      ...places,
      onProgress: ({ done, total, hashedBytes }) => {
        bar.setTotal(total)
        bar.update(done, { hashed: formatSize(hashedBytes) })
      },
    })
  } finally {
    bar.stop()
  }
}

function describe(report: PublishReport, terminal: Terminal): void {
  const { seq, files, bytes, added, changed, removed, leftOut, ms } = report
  say(
    terminal,
    `state ${String(seq)}: ${String(files)} files, ${formatSize(bytes)}; ${String(added)} added, ` +
      `${String(changed)} changed, ${String(removed)} removed, ${String(leftOut)} left out (${String(ms)} ms)`,
  )
  const { waiting, refused, mismatches } = report
  remarkPaths(terminal, waiting, ['waits', 'cannot be indexed as they stand'])
  remarkPaths(terminal, refused, [
    'refused',
    'changed after their release; what was published stays',
  ])
  remarkPaths(terminal, mismatches, ['checksum', 'disagree with their file and are ignored'])
}

/** Name paths with what is wrong with them, the first ones only: `--json` has them all. */
function remarkPaths(
  terminal: Terminal,
  paths: PublishReport['waiting'],
  [label, what]: readonly [label: string, what: string],
): void {
  for (const { path, reason } of paths.slice(0, MAX_NAMED_PATHS)) {
    remark(terminal, printable(`${label}: ${path}: ${reason}`))
  }
  const more = paths.length - MAX_NAMED_PATHS
  if (more > 0) remark(terminal, `${label}: ${String(more)} more, all named by --json`)
  if (paths.length > 0) remark(terminal, `${label}: ${String(paths.length)} files ${what}`)
}
