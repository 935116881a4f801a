import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { checkClock, SystemClock } from '@jarswarm/node'
import { MAX_REPORTED_PATHS, publishFrom, publishTree, readPathLines } from '@jarswarm/publisher'
import type { PublishReport, ReportedKind } from '@jarswarm/publisher'
import { isOrigin } from '@jarswarm/trust'
import type { Command } from 'commander'
import { readContact } from '../contact.ts'
import type { CommandSetup } from '../command-setup.ts'
import { formatDuration } from '../duration.ts'
import { EXIT_REFUSED } from '../exit-code.ts'
import { lockWait } from '../lock-wait.ts'
import { collect, withJson } from '../options.ts'
import { createPublishProgress } from '../publish-progress.ts'
import { formatSize } from '../size.ts'
import { printable, remark, say, sayJson } from '../terminal.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'
import { programVersion } from '../version.ts'

/** Paths of each kind that are named in text: a screenful. */
const MAX_NAMED_PATHS = 20
const MAX_CONCURRENCY = 64
/** What stands in place of a list, by the code of the error. */
const LIST_PROBLEMS: Readonly<Record<string, string>> = {
  EISDIR: 'a directory',
  Z_DATA_ERROR: 'no gzip data, which the name promises',
  Z_BUF_ERROR: 'gzip data that end too early',
}

interface Flags {
  readonly state: string
  readonly tree?: string
  readonly from?: string
  readonly paths?: string
  readonly out?: string
  readonly changes?: string
  readonly operator?: boolean
  readonly recheck?: boolean
  readonly concurrency?: string
  readonly contact?: string
  readonly allowShrink?: boolean
  readonly restore?: readonly string[]
  readonly json?: boolean
}

const ABOUT = `Index what the tree holds now, sign it, and write static files below .jarswarm/ in the tree, which any \
web server can give out. What did not change since the last time is not read again.

A release whose bytes changed is refused: the old entry stays, everything else is published, and the exit code is 3. \
A release that vanished stays in the index.

With --from the files are read over HTTP, from a repository that you do not hold: those that --paths lists, hashed and \
not kept. The index is written below --out. It says that the files were observed at that URL, unless --operator says \
that the repository is yours. Stop and start it as you like: nothing is downloaded twice, known releases are not \
asked for again. Every half hour it publishes what it has.`

/** `jarswarm repo publish`: sign what a tree or an HTTP repository holds now. */
export function addRepoPublish(repo: Command, { terminal, setExitCode }: CommandSetup): void {
  const command = withJson(repo.command('publish'), 'print the outcome as JSON')
    .summary('sign what the tree, or an HTTP repository, holds now')
    .description(ABOUT)
    .requiredOption('--state <dir>', 'directory that "repo init" made')
    .option('--tree <dir>', 'the Maven repository')
    .option('--from <url>', 'base URL of an HTTP repository to look at instead')
    .option(
      '--paths <file>',
      'list of its files, one path a line; "-" is standard input, ".gz" is unpacked',
    )
    .option('--out <dir>', 'where the index of --from is written, as .jarswarm/')
    .option(
      '--changes <file>',
      'look only at the listed files, as a deploy hook does; "-" is standard input',
    )
    .option('--operator', 'with --from: the repository is yours, and you sign for it')
    .option(
      '--recheck',
      'ask for known releases too, or read them in the tree again, to see whether any changed',
    )
    .option('--concurrency <n>', 'with --from: files asked for at a time (default: 8)')
    .option(
      '--contact <url>',
      'with --from: whom its operator can ask about you, for the User-Agent',
    )
    .option(
      '--restore <path>',
      'take a withdrawn file in again, with the bytes that it had (repeatable)',
      collect,
    )
    .option('--allow-shrink', 'publish although less than half of the files of last time are there')
  command.action(async (flags: Flags) => {
    checkUsage(flags)
    checkClock(new SystemClock())
    const report = await publish(flags, terminal)
    if (flags.json === true) sayJson(terminal, report)
    else describe(report, terminal)
    if (report.refused.length > 0) setExitCode(EXIT_REFUSED)
  })
}

function checkUsage(flags: Flags): void {
  const { tree, from, out, paths, changes } = flags
  if ((tree === undefined) === (from === undefined)) {
    throw new UsageError('Cannot publish: either --tree or --from is wanted')
  }
  if (from === undefined) {
    const only = (['out', 'paths', 'operator', 'concurrency', 'contact'] as const).find(
      (name) => flags[name] !== undefined,
    )
    if (only !== undefined)
      throw new UsageError(`Cannot use --${only} with --tree: only with --from`)
    return
  }
  if (!isOrigin(from)) {
    throw new UsageError(
      `Cannot use --from ${JSON.stringify(from)}: an http or https URL without credentials, query or fragment is wanted`,
    )
  }
  if (out === undefined) throw new UsageError('Cannot publish --from: --out is wanted')
  if ((paths === undefined) === (changes === undefined)) {
    throw new UsageError('Cannot publish --from: either --paths or --changes is wanted')
  }
  readConcurrency(flags.concurrency)
  readContact(flags.contact)
}

async function publish(flags: Flags, terminal: Terminal): Promise<PublishReport> {
  const progress = createPublishProgress(terminal)
  const common = {
    stateDir: flags.state,
    allowShrink: flags.allowShrink === true,
    restore: flags.restore,
    signal: terminal.signal,
    onProgress: progress.show,
    lock: lockWait(terminal),
  }
  try {
    if (flags.from === undefined) {
      const changes = flags.changes === undefined ? undefined : readList(flags.changes, terminal)
      return await publishTree({
        ...common,
        treeDir: flags.tree ?? '',
        changes,
        recheck: flags.recheck,
      })
    }
    const isChanges = flags.changes !== undefined
    return await publishFrom({
      ...common,
      url: flags.from,
      outDir: flags.out ?? '',
      paths: readList(flags.changes ?? flags.paths ?? '-', terminal),
      isChanges,
      isOperator: flags.operator,
      recheck: flags.recheck,
      concurrency: readConcurrency(flags.concurrency),
      contact: flags.contact,
      version: programVersion(),
      onPause: (pauseMs) => {
        remark(terminal, `the origin asks to wait ${formatDuration(pauseMs / 1000)}`)
      },
      onDamaged: ({ message }, aside) => {
        remark(terminal, `${message}; set aside as ${aside}: what was seen is asked for again`)
      },
    })
  } catch (error) {
    if (terminal.signal.aborted && flags.from !== undefined) {
      remark(terminal, 'What was seen is kept: run the same command again to go on.')
    }
    throw error
  } finally {
    progress.stop()
  }
}

/** Opened when it is read, so that nothing is open that nobody reads. */
async function* readList(file: string, terminal: Terminal): AsyncGenerator<string> {
  const bytes = Readable.from(file === '-' ? terminal.in : createReadStream(file))
  try {
    yield* readPathLines(file.endsWith('.gz') ? unpack(bytes) : bytes)
  } catch (error) {
    const reason = LIST_PROBLEMS[String((error as { readonly code?: unknown }).code)]
    if (reason === undefined) throw error
    throw new UsageError(
      `Cannot read ${JSON.stringify(file)}: found ${reason}, wanted a list of paths, one a line`,
      { cause: error },
    )
  }
}

function unpack(bytes: Readable): Readable {
  const unpacked = createGunzip()
  // A failure of either ends both; whoever reads is told of it.
  pipeline(bytes, unpacked).catch(() => undefined)
  return unpacked
}

function readConcurrency(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= 1 && count <= MAX_CONCURRENCY) return count
  throw new UsageError(
    `Cannot use --concurrency ${JSON.stringify(text)}: a number from 1 to ${String(MAX_CONCURRENCY)} is wanted`,
  )
}

function describe(report: PublishReport, terminal: Terminal): void {
  const { seq, files, bytes, added, changed, removed, leftOut, ms } = report
  say(
    terminal,
    `head ${String(seq)}: ${String(files)} files, ${formatSize(bytes)}; ${String(added)} added, ` +
      `${String(changed)} changed, ${String(removed)} removed, ${String(leftOut)} left out (${String(ms)} ms)`,
  )
  remarkPaths(terminal, report, ['waiting', 'waits', 'cannot be indexed as they stand'])
  remarkPaths(terminal, report, ['missing', 'missing', 'are not there'])
  remarkPaths(terminal, report, ['withdrawn', 'withdrawn', 'were taken back and still stand there'])
  remarkPaths(terminal, report, [
    'refused',
    'refused',
    'changed after their release; what was published stays',
  ])
  remarkPaths(terminal, report, [
    'mismatches',
    'checksum',
    'disagree with their file and are ignored',
  ])
}

/** Name paths with what is wrong with them, the first ones only: `--json` names more. */
function remarkPaths(
  terminal: Terminal,
  report: PublishReport,
  [kind, label, what]: readonly [kind: ReportedKind, label: string, what: string],
): void {
  const count = report.counts[kind]
  for (const { path, reason } of report[kind].slice(0, MAX_NAMED_PATHS)) {
    remark(terminal, printable(`${label}: ${path}: ${reason}`))
  }
  const more = count - MAX_NAMED_PATHS
  if (more > 0) {
    const named = `the first ${String(MAX_REPORTED_PATHS)} are named by --json`
    remark(terminal, `${label}: ${String(more)} more; ${named}`)
  }
  if (count > 0) remark(terminal, `${label}: ${String(count)} files ${what}`)
}
