import { resolve } from 'node:path'
import { PatientReader, userAgent } from '@jarswarm/http'
import { MAX_ENTRIES_READ } from '@jarswarm/node'
import type { NodeControl } from '@jarswarm/node'
import type { Command } from 'commander'
import type { AuditReport } from '../audit/audit-report.ts'
import { auditTree, treeReport } from '../audit/audit-tree.ts'
import { describeAudit } from '../audit/describe-audit.ts'
import { repositoryOf } from '../audit/remote/repository-of.ts'
import { auditMirror } from '../audit/remote/audit-mirror.ts'
import { MirrorReport } from '../audit/remote/mirror-report.ts'
import { readContact } from '../contact.ts'
import { givenFlags } from '../command-setup.ts'
import type { CommandSetup } from '../command-setup.ts'
import { EXIT_FAILURE } from '../exit-code.ts'
import { followsSomething } from '../follows-something.ts'
import { withData, withJson } from '../options.ts'
import { readCount } from '../read-count.ts'
import { remark, sayJson } from '../terminal.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'
import { programVersion } from '../version.ts'
import { withNode } from '../with-node.ts'

/** A clean sample of so many says that fewer than 0.3 % differ. */
const DEFAULT_SAMPLE = 1_000
/** Few enough that no server minds. */
const DEFAULT_CONNECTIONS = 4
const MAX_CONNECTIONS = 32

type Flags = Readonly<Record<string, unknown>>

/** `jarswarm audit`: compare files with what was signed. */
export function addAudit(program: Command, { terminal, setExitCode }: CommandSetup): void {
  const command = withJson(withData(program.command('audit')))
    .summary("compare a client's cache, a Maven tree or an HTTP mirror with what was signed")
    .description(
      'Read every artifact of a Maven tree or of a cache such as ~/.m2/repository, or files of an HTTP ' +
        'repository, and compare their bytes with the signed index. Maven, the Clojure CLI and Gradle use ' +
        'files of their caches without a second look.\n\n' +
        'Of a directory, nothing is changed and no network is needed. Files that no index names, such as those ' +
        'of Maven Central or of your own builds, are only counted.\n\n' +
        'Of a URL, files drawn at random are read to their end and not kept, with their checksum files; the ' +
        'server is asked a few at a time, and left alone for as long as it asks.\n\n' +
        'Exit code 1 when any file differs, or when some could not be compared. Interrupted, it says what was ' +
        'compared so far.',
    )
    .argument(
      '<dir|url>',
      'a Maven repository, such as ~/.m2/repository or https://repo.example.org/',
    )
    .option(
      '--repository <name>',
      'whose index to compare a URL with (default: the one that is followed, or whose origin it is)',
    )
    .option('--sample <n>', `files to draw at random (default: ${String(DEFAULT_SAMPLE)})`)
    .option('--full', 'compare all files of the index')
    .option('--connections <n>', `requests at a time (default: ${String(DEFAULT_CONNECTIONS)})`)
    .option('--head-only', 'ask for lengths and dates, not for bytes')
    .option('--strict-dates', 'take another Last-Modified for a difference')
    .option(
      '--contact <address>',
      "URL or mail address for the server's operator, in the User-Agent",
    )
  command.action(async (place: string) => {
    const flags = givenFlags(command)
    const isUrl = /^https?:\/\//i.test(place)
    checkFlags(flags, isUrl)
    const tell = (report: AuditReport): void => {
      if (flags['json'] === true) sayJson(terminal, report)
      else describeAudit(report, terminal)
      if (!report.isClean) setExitCode(EXIT_FAILURE)
    }
    await withNode({ terminal, flags, offline: true }, async (node) => {
      await followsSomething(node)
      if (isUrl) {
        await auditUrl(node, { url: place, flags, tell }, terminal)
        return
      }
      const report = treeReport()
      const directory = resolve(place)
      await telling(report, tell, auditTree(node, { directory, report }, terminal))
    })
  })
}

/** What was compared is told even if the audit could not go on. */
async function telling(
  report: AuditReport,
  tell: (report: AuditReport) => void,
  audit: Promise<void>,
): Promise<void> {
  try {
    await audit
  } catch (error) {
    if (report.files > 0) tell(report)
    throw error
  }
  tell(report)
}

interface UrlAudit {
  readonly url: string
  readonly flags: Flags
  readonly tell: (report: AuditReport) => void
}

async function auditUrl(
  node: NodeControl,
  { url, flags, tell }: UrlAudit,
  terminal: Terminal,
): Promise<void> {
  const repository = await chooseRepository(node, { url, flags })
  const connections =
    readCount('connections', text(flags, 'connections'), MAX_CONNECTIONS) ?? DEFAULT_CONNECTIONS
  const sample = readCount('sample', text(flags, 'sample'), MAX_ENTRIES_READ) ?? DEFAULT_SAMPLE
  const contact = readContact(text(flags, 'contact'))
  await using reader = new PatientReader({
    url,
    userAgent: userAgent(programVersion(), contact === undefined ? 'audit' : `audit; +${contact}`),
    concurrency: connections,
    signal: terminal.signal,
    onPause: (ms) => {
      remark(terminal, `${url} asks to be left alone for ${String(Math.ceil(ms / 1_000))} s`)
    },
  })
  const report = new MirrorReport({
    repository,
    sample: flags['full'] === true ? undefined : sample,
    headOnly: flags['headOnly'] === true,
  })
  const strictDates = flags['strictDates'] === true
  const init = { reader, report, strictDates, connections }
  await telling(report, tell, auditMirror(node, init, terminal))
}

async function chooseRepository(
  node: NodeControl,
  { url, flags }: Pick<UrlAudit, 'url' | 'flags'>,
): Promise<string> {
  const repositories = await node.repositories()
  const chosen = repositoryOf(url, flags['repository'], repositories)
  if (chosen !== undefined) return chosen
  const known = `followed: ${repositories.map(({ name }) => name).join(', ')}`
  throw new UsageError(
    typeof flags['repository'] === 'string'
      ? `Cannot compare with ${flags['repository']}: it is not followed; ${known}`
      : `Cannot choose an index: name one with --repository; ${known}`,
  )
}

const URL_FLAGS = [
  'repository',
  'sample',
  'full',
  'connections',
  'headOnly',
  'strictDates',
  'contact',
]

function checkFlags(flags: Flags, isUrl: boolean): void {
  if (flags['full'] === true && flags['sample'] !== undefined) {
    throw new UsageError('Cannot use --full with --sample: one of them is wanted')
  }
  const wrong = isUrl ? undefined : URL_FLAGS.find((flag) => flags[flag] !== undefined)
  if (wrong === undefined) return
  const name = wrong.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  throw new UsageError(`Cannot use --${name} with a directory: it is for a URL`)
}

function text(flags: Flags, name: string): string | undefined {
  const value = flags[name]
  return typeof value === 'string' ? value : undefined
}
