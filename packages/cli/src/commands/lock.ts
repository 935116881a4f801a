import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { PUBLIC_FILE_MODE, writeFileAtomically } from '@jarswarm/files'
import type { Command } from 'commander'
import { describeAudit } from '../audit/describe-audit.ts'
import { givenFlags } from '../command-setup.ts'
import type { CommandSetup } from '../command-setup.ts'
import { EXIT_FAILURE } from '../exit-code.ts'
import { checkLock } from '../export/check-lock.ts'
import { ABOUT_SOURCES, exportSigned, withSources } from '../export/export-options.ts'
import { formatLock, MAX_LOCK_BYTES, parseLock } from '../export/lock-file.ts'
import { followsSomething } from '../follows-something.ts'
import { withJson } from '../options.ts'
import { sayJson } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'
import { withNode } from '../with-node.ts'

/** `jarswarm lock`: the files of a build with their signed digests, and whether that still holds. */
export function addLock(program: Command, setup: CommandSetup): void {
  const { terminal } = setup
  const command = withJson(
    withSources(program.command('lock [project]')),
    'as JSON; a lockfile always is',
  )
    .summary('write or check the signed digests of the files of a build')
    .description(
      `Write a lockfile: the path, digests and size of each file of a build. ${ABOUT_SOURCES}`,
    )
    .option('-o, --out <file>', 'where to write the lockfile (default: standard output)')
    .option('--check <lockfile>', 'compare a lockfile with index and history instead')
  command.action(async (project: string | undefined) => {
    const flags = givenFlags(command)
    if (typeof flags['check'] === 'string') {
      refuseBoth(project, flags)
      await check(flags['check'], flags, setup)
      return
    }
    const list = await exportSigned(setup, project, flags)
    const lock = formatLock(list.kind, list)
    const { out } = flags
    if (typeof out === 'string')
      await writeFileAtomically(resolve(out), lock, { mode: PUBLIC_FILE_MODE })
    else terminal.out.write(lock)
  })
}

function refuseBoth(project: string | undefined, flags: Readonly<Record<string, unknown>>): void {
  const other = project ?? flags['from'] ?? flags['fromCache'] ?? flags['out']
  if (other === undefined) return
  throw new UsageError(
    `Cannot use --check with ${JSON.stringify(other)}: it takes the lockfile alone`,
  )
}

async function check(
  file: string,
  flags: Readonly<Record<string, unknown>>,
  { terminal, setExitCode }: CommandSetup,
): Promise<void> {
  const lock = parseLock(await readLock(file), file)
  const report = await withNode({ terminal, flags, offline: true }, async (node) => {
    await followsSomething(node)
    return await checkLock(node, lock, terminal.signal)
  })
  if (flags['json'] === true) sayJson(terminal, report)
  else describeAudit(report, terminal)
  if (!report.isClean) setExitCode(EXIT_FAILURE)
}

async function readLock(file: string): Promise<string> {
  try {
    const { size } = await stat(file)
    if (size <= MAX_LOCK_BYTES) return await readFile(file, 'utf8')
  } catch (error) {
    throw new UsageError(`Cannot read ${file}: ${(error as Error).message}`, { cause: error })
  }
  throw new UsageError(`Cannot read ${file}: it has more than ${String(MAX_LOCK_BYTES)} bytes`)
}
