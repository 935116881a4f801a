import { resolve } from 'node:path'
import type { AdoptedFile, NodeControl } from '@jarswarm/node'
import type { TreeFile } from '@jarswarm/publisher'
import type { Command } from 'commander'
import { givenFlags } from '../command-setup.ts'
import type { CommandSetup } from '../command-setup.ts'
import { followsSomething } from '../follows-something.ts'
import { countFiles, readTree } from '../local-tree.ts'
import { withData, withJson } from '../options.ts'
import { withProgress } from '../progress-bar.ts'
import { formatSize } from '../size.ts'
import { say, sayJson } from '../terminal.ts'
import type { Terminal } from '../terminal.ts'
import { withNode } from '../with-node.ts'

/** How many files had which outcome. */
interface ImportReport {
  files: number
  /** Taken into the store, and their bytes. */
  adopted: number
  adoptedBytes: number
  /** In the store already. */
  held: number
  /** Named by an index, with other bytes than these. */
  differs: number
  /** Named by no index, or by none that can be read now. */
  unknown: number
  /** Could not be read. */
  problems: number
}

/** `jarswarm import`: take what is on this machine already into the store. */
export function addImport(program: Command, { terminal }: CommandSetup): void {
  const command = withJson(withData(program.command('import')))
    .summary('take files that are on this machine into the store')
    .description(
      "Walk a Maven tree or a client's cache, and copy into the store each file whose bytes a followed " +
        'repository names by its signed index, so that it need not be fetched and can be given to peers. ' +
        'Files with other bytes are left where they are: see "jarswarm audit".',
    )
    .argument('<dir>', 'a Maven repository, such as ~/.m2/repository')
  command.action(async (directory: string) => {
    const flags = givenFlags(command)
    const report = await withNode({ terminal, flags, offline: true }, async (node) => {
      await followsSomething(node)
      return await importTree(node, resolve(directory), terminal)
    })
    if (flags['json'] === true) sayJson(terminal, report)
    else say(terminal, describe(report))
  })
}

function importTree(
  node: NodeControl,
  directory: string,
  terminal: Terminal,
): Promise<ImportReport> {
  const { signal } = terminal
  const report: ImportReport = {
    files: 0,
    adopted: 0,
    adoptedBytes: 0,
    held: 0,
    differs: 0,
    unknown: 0,
    problems: 0,
  }
  const shown = {
    format: '{bar} {value} of {total} files, {adopted} taken',
    start: { adopted: formatSize(0) },
    countAll: () => countFiles(directory, signal),
  }
  return withProgress(terminal, shown, async (progress) => {
    for await (const { files, problems } of readTree(directory, signal)) {
      const offered = files.map(({ path, realPath }) => ({ path, file: realPath }))
      count(report, files, await node.adopt(offered, { signal }))
      report.problems += problems.length
      progress(report.files, { adopted: formatSize(report.adoptedBytes) })
    }
    return report
  })
}

function count(
  report: ImportReport,
  files: readonly TreeFile[],
  outcomes: readonly AdoptedFile[],
): void {
  for (const [at, { outcome }] of outcomes.entries()) {
    report.files += 1
    report[outcome] += 1
    if (outcome === 'adopted') report.adoptedBytes += Number(files[at]?.stat.size ?? 0n)
  }
}

function describe(report: ImportReport): string {
  const { adopted, adoptedBytes, held, differs, unknown, problems } = report
  const lines = [
    `Took ${String(adopted)} files, ${formatSize(adoptedBytes)}; ${String(held)} were here already, ` +
      `${String(unknown)} are named by no followed repository.`,
  ]
  if (differs > 0) {
    lines.push(
      `${String(differs)} have other bytes than the signed index names; see which with: jarswarm audit DIR`,
    )
  }
  if (problems > 0) lines.push(`${String(problems)} could not be read.`)
  return lines.join('\n')
}
