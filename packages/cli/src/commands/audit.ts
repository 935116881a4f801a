import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { AuditReport } from '../audit/audit-report.ts'
import { auditTree } from '../audit/audit-tree.ts'
import { givenFlags } from '../command-setup.ts'
import type { CommandSetup } from '../command-setup.ts'
import { EXIT_FAILURE } from '../exit-code.ts'
import { followsSomething } from '../follows-something.ts'
import { withData, withJson } from '../options.ts'
import { formatTable } from '../table.ts'
import { printable, remark, say, sayJson } from '../terminal.ts'
import type { Terminal } from '../terminal.ts'
import { withNode } from '../with-node.ts'

/** Rows of a table that a person reads; `--json` has more. */
const MAX_ROWS = 50
/** Digits of a digest that tell two apart. */
const SHORT_DIGEST = 16

/** `jarswarm audit`: compare files with what was signed. */
export function addAudit(program: Command, { terminal, setExitCode }: CommandSetup): void {
  const command = withJson(withData(program.command('audit')))
    .summary("compare a client's cache or a Maven tree with what was signed")
    .description(
      'Read every artifact of a Maven tree or of a cache such as ~/.m2/repository, and compare its bytes with ' +
        'the signed indexes of the repositories that the node follows. Maven, the Clojure CLI and Gradle use ' +
        'files of their caches without a second look.\n\n' +
        'Nothing is changed and no network is needed. Files that no index names, such as those of Maven ' +
        'Central or of your own builds, are only counted. Exit code 1 when any file differs, or when some ' +
        'could not be compared.',
    )
    .argument('<dir>', 'a Maven repository, such as ~/.m2/repository')
  command.action(async (directory: string) => {
    const flags = givenFlags(command)
    const report = await withNode({ terminal, flags, offline: true }, async (node) => {
      await followsSomething(node)
      return await auditTree(node, resolve(directory), terminal)
    })
    if (flags['json'] === true) sayJson(terminal, report)
    else describe(report, terminal)
    if (!report.isClean) setExitCode(EXIT_FAILURE)
  })
}

function describe(report: AuditReport, terminal: Terminal): void {
  const { files, same, changed, unknown, unsure, differences, problems } = report
  if (differences.length > 0) {
    const rows = differences.slice(0, MAX_ROWS).map(({ path, repository, found, signed }) => {
      const short = (digest: string): string => digest.slice(0, SHORT_DIGEST)
      return [printable(path), repository, short(found.digest), short(signed.digest)]
    })
    say(terminal, formatTable(['CHANGED', 'REPOSITORY', 'SHA-256 HERE', 'SIGNED'], rows))
    sayMore(terminal, differences.length)
  }
  for (const { path, reason } of problems.slice(0, MAX_ROWS)) {
    remark(terminal, printable(`not compared: ${path}: ${reason}`))
  }
  sayMore(terminal, problems.length)
  say(
    terminal,
    `${String(files)} files: ${String(same)} as signed, ${String(changed)} changed, ` +
      `${String(unknown)} named by no followed repository` +
      (unsure > 0 ? `, ${String(unsure)} that cannot be judged now` : ''),
  )
}

function sayMore(terminal: Terminal, count: number): void {
  if (count > MAX_ROWS) remark(terminal, `and ${String(count - MAX_ROWS)} more, named by --json`)
}
