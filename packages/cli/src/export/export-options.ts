import type { Command } from 'commander'
import { EXIT_FAILURE } from '../exit-code.ts'
import { followsSomething } from '../follows-something.ts'
import { withData } from '../options.ts'
import { printable, remark } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'
import { withNode } from '../with-node.ts'
import type { CommandSetup } from '../command-setup.ts'
import { isComplete, sayLeftOut } from './left-out.ts'
import { lookUpWanted } from './signed-list.ts'
import type { SignedList } from './signed-list.ts'
import { findWanted } from './wanted-files.ts'
import type { FilesSource, WantedFiles } from './wanted-files.ts'

/** Paths that are named in text: a screenful. */
const MAX_NAMED = 20

/** How the files of a build are found, for the help of each command that wants them. */
export const ABOUT_SOURCES: string =
  'The files come from a deps.edn, project.clj or pom.xml, followed through its dependencies: near to what the ' +
  'client resolves, but not by the client. For exactly its files, give its local repository with --from-cache, ' +
  'or what it resolved with --from: the output of "mvn dependency:list", "clj -Stree" or "lein deps :tree", or ' +
  'repository paths, one a line.\n\n' +
  'All digests are from the signed indexes of followed repositories. What has none there is listed on ' +
  'standard error with the reason, with exit code 1: files that no repository names, that were withdrawn, that ' +
  'several repositories name differently.'

/** Add the ways to say which files are wanted. */
export function withSources(command: Command): Command {
  return withData(command)
    .option(
      '--from-cache <dir>',
      "all files of a client's local repository, such as ~/.m2/repository",
    )
    .option('--from <file>', 'artifacts that a build tool resolved, one a line')
    .option('--allow-missing', 'exit code 0 although no followed repository names some files')
    .option('--prefer <name>', 'repository that counts where several name one file differently')
}

export interface Exported extends SignedList {
  readonly kind: WantedFiles['kind']
}

/**
 * Find the wanted files, and look them up.
 *
 * @throws {UsageError} when not exactly one source is given
 */
export async function exportSigned(
  { terminal, setExitCode }: CommandSetup,
  project: string | undefined,
  flags: Readonly<Record<string, unknown>>,
): Promise<Exported> {
  const source = sourceOf(project, flags)
  // A POM may have to be fetched; the files of a cache are only looked up.
  const offline = source.cache !== undefined
  const { signal } = terminal
  const prefer = typeof flags['prefer'] === 'string' ? flags['prefer'] : undefined
  const { wanted, list } = await withNode({ terminal, flags, offline }, async (node) => {
    await followsSomething(node)
    const wanted = await findWanted(node, source, signal)
    return { wanted, list: await lookUpWanted(node, wanted, { signal, prefer }) }
  })
  for (const line of wanted.remarks.slice(0, MAX_NAMED)) remark(terminal, printable(line))
  sayLeftOut(list, terminal)
  if (!isComplete(list, flags['allowMissing'] === true)) setExitCode(EXIT_FAILURE)
  return { ...list, kind: wanted.kind }
}

function sourceOf(
  project: string | undefined,
  flags: Readonly<Record<string, unknown>>,
): FilesSource {
  const read = (name: string): string | undefined => {
    const value = flags[name]
    return typeof value === 'string' ? value : undefined
  }
  const source = { project, cache: read('fromCache'), resolved: read('from') }
  if (Object.values(source).filter((value) => value !== undefined).length === 1) return source
  throw new UsageError(
    'Cannot tell which files are wanted: name one deps.edn, project.clj or pom.xml, or --from-cache, or --from',
  )
}
