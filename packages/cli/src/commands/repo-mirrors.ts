import { checkClock, checkMirror, disagrees, SystemClock } from '@jarswarm/node'
import type { MirrorCheck } from '@jarswarm/node'
import { changeMirrors, readMirrors } from '@jarswarm/publisher'
import { toMirrorUrl } from '@jarswarm/trust'
import type { Command } from 'commander'
import type { CommandSetup } from '../command-setup.ts'
import { MirrorRefusedError } from '../mirror-refused-error.ts'
import { lockWait } from '../lock-wait.ts'
import { withJson } from '../options.ts'
import { printable, remark, say, sayJson } from '../terminal.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'
import { programVersion } from '../version.ts'

interface Flags {
  readonly state: string
  readonly tree?: string
  readonly out?: string
  readonly check?: boolean
  readonly json?: boolean
}

const ABOUT = `HTTP mirrors of the repository, on a list that is signed with its state. Nodes choose among
the origin and them by measured speed and health, and check every byte: a mirror needs no trust.

Every publish keeps the list.`

/** `jarswarm repo mirrors`: the signed list of HTTP mirrors. */
export function addRepoMirrors(repo: Command, { terminal }: CommandSetup): void {
  const mirrors = repo
    .command('mirrors')
    .summary('the signed list of HTTP mirrors: add, remove, list')
    .description(ABOUT)
    .helpCommand(false)
  withPlaces(mirrors.command('add <url>'))
    .summary('put an HTTP mirror on the list')
    .description(
      'Put the HTTP base URL of a mirror on the signed list, after a look at it: it must give some files of the ' +
        'repository, byte for byte, and no root manifest that contradicts what is signed.',
    )
    .option('--no-check', 'do not look at the mirror first')
    .action(async (url: string, flags: Flags) => {
      await add(checkedUrl(url), flags, terminal)
    })
  withPlaces(mirrors.command('remove <url>'))
    .summary('take an HTTP mirror off the list')
    .description('Take the HTTP base URL of a mirror off the signed list.')
    .action(async (url: string, flags: Flags) => {
      const signed = await change(flags, terminal, { remove: [checkedUrl(url)] })
      tell(signed, flags, terminal)
    })
  withJson(mirrors.command('list'), 'print {mirrors} as JSON')
    .summary('print the list')
    .description('Print the mirrors as they were signed last.')
    .requiredOption('--state <dir>', 'directory that "repo init" made')
    .action(async ({ state, json }: Flags) => {
      const list = await readMirrors(state)
      if (json === true) sayJson(terminal, { mirrors: list })
      else say(terminal, list.length === 0 ? 'No mirrors.' : list.join('\n'))
    })
}

function withPlaces(command: Command): Command {
  return withJson(command, 'print {seq, mirrors, changed} as JSON')
    .requiredOption('--state <dir>', 'directory that "repo init" made')
    .option('--tree <dir>', 'the Maven repository as it stands published')
    .option(
      '--out <dir>',
      'where "repo publish --from" wrote the published form, in place of --tree',
    )
}

async function add(url: string, flags: Flags, terminal: Terminal): Promise<void> {
  if (flags.check !== false) {
    const init = { treeDir: treeOf(flags), url, version: programVersion() }
    judge(url, await checkMirror(init, { signal: terminal.signal }), terminal)
  }
  tell(await change(flags, terminal, { add: [url] }), flags, terminal)
}

type Signed = Awaited<ReturnType<typeof changeMirrors>>

async function change(
  flags: Flags,
  terminal: Terminal,
  urls: { readonly add?: readonly string[]; readonly remove?: readonly string[] },
): Promise<Signed> {
  checkClock(new SystemClock())
  const lock = lockWait(terminal)
  return await changeMirrors({ stateDir: flags.state, treeDir: treeOf(flags), lock, ...urls })
}

function tell({ seq, mirrors, changed }: Signed, flags: Flags, terminal: Terminal): void {
  if (flags.json === true) {
    sayJson(terminal, { seq, mirrors, changed })
    return
  }
  const what = changed ? `signed with head ${String(seq)}` : 'as it was'
  say(terminal, [`mirrors, ${what}: ${String(mirrors.length)}`, ...mirrors].join('\n'))
}

/** Refuse what would be of no use, or is at fault; remark on what is merely poor. */
function judge(url: string, check: MirrorCheck, terminal: Terminal): void {
  const { agreement, behind, sample } = check
  const refuse = (found: string): MirrorRefusedError =>
    new MirrorRefusedError(
      `Cannot put ${url} on the list: found ${printable(found)}; with --no-check it is added all the same`,
    )
  if (sample.wrong.length > 0)
    throw refuse(`other bytes than the signed ones at ${sample.wrong.join(', ')}`)
  if (disagrees(check)) throw refuse('a root manifest that contradicts what is signed')
  if (sample.right === 0 && (sample.missing > 0 || agreement === 'unreachable'))
    throw refuse('none of the files that were asked for, wanted the repository')
  if (sample.missing > 0) {
    const total = sample.missing + sample.right
    remark(
      terminal,
      `It lacks ${String(sample.missing)} of ${String(total)} files that were asked for.`,
    )
  }
  if (agreement === 'none')
    remark(terminal, 'It has no .jarswarm/ folder, so nodes get releases there, and nothing else.')
  if (agreement === 'behind') remark(terminal, `It is ${String(behind)} states behind.`)
}

function treeOf({ tree, out }: Flags): string {
  const place = tree ?? out
  if (place !== undefined && (tree === undefined || out === undefined)) return place
  throw new UsageError('Cannot sign the list: one of --tree DIR and --out DIR is wanted')
}

function checkedUrl(text: string): string {
  const url = toMirrorUrl(text)
  if (url !== undefined) return url
  throw new UsageError(
    `Cannot use ${JSON.stringify(text)} as a mirror: an http or https URL without credentials, query or fragment is wanted`,
  )
}
