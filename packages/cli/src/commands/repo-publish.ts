import { checkClock, SystemClock } from '@jarswarm/node'
import { publishTree } from '@jarswarm/publisher'
import type { PublishReport } from '@jarswarm/publisher'
import { SingleBar } from 'cli-progress'
import type { Command } from 'commander'
import type { CommandSetup } from '../command-setup.ts'
import { EXIT_REFUSED } from '../exit-code.ts'
import { withJson } from '../options.ts'
import { formatSize } from '../size.ts'
import { remark, say, sayJson } from '../terminal.ts'
import type { Terminal } from '../terminal.ts'

interface Flags {
  readonly state: string
  readonly tree: string
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
  command.action(async (flags: Flags) => {
    checkClock(new SystemClock())
    const report = await publishWithProgress(flags, terminal)
    if (flags.json === true) sayJson(terminal, report)
    else describe(report, terminal)
    if (report.refused.length > 0) setExitCode(EXIT_REFUSED)
  })
}

async function publishWithProgress(
  flags: Flags,
  { err, signal }: Terminal,
): Promise<PublishReport> {
  const places = { stateDir: flags.state, treeDir: flags.tree, signal }
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
  const { seq, files, bytes, added, changed, removed, waiting, refused, ms } = report
  say(
    terminal,
    `state ${String(seq)}: ${String(files)} files, ${formatSize(bytes)}; ${String(added)} added, ` +
      `${String(changed)} changed, ${String(removed)} removed (${String(ms)} ms)`,
  )
  for (const { path, reason } of waiting) remark(terminal, `waits: ${path}: ${reason}`)
  for (const { path, recorded, found } of refused) {
    remark(terminal, `refused: ${path}: its bytes changed from SHA-256 ${recorded} to ${found}`)
  }
}
