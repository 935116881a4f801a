import type { NodeControl, PathFinding } from '@jarswarm/node'
import { hashFile, inParallel } from '@jarswarm/publisher'
import type { TreeFile } from '@jarswarm/publisher'
import { readTree } from '../local-tree.ts'
import { withProgress } from '../progress-counter.ts'
import { formatSize } from '../size.ts'
import type { Terminal } from '../terminal.ts'
import { AuditReport } from './audit-report.ts'
import { judge } from './verdict.ts'

/** Files hashed at a time. */
const HASHED_AT_ONCE = 4

/** Compare each file of a Maven tree or a client's cache with the signed indexes. Asks no network. */
export function auditTree(
  node: NodeControl,
  directory: string,
  terminal: Terminal,
): Promise<AuditReport> {
  const { signal } = terminal
  const report = new AuditReport()
  let bytes = 0
  return withProgress(terminal, '{value} files, {read} read', async (progress) => {
    for await (const { files, problems } of readTree(directory, signal)) {
      for (const { path, reason } of problems) report.addProblem(path, reason)
      const findings = await node.lookUp(
        files.map(({ path }) => path),
        { signal },
      )
      const pairs = files.map((file, at) => ({ file, finding: findings[at] }))
      await inParallel(pairs, HASHED_AT_ONCE, async ({ file, finding }) => {
        if (finding === undefined) throw new TypeError('Cannot audit: an answer is missing')
        if (await auditFile(report, { file, finding }, signal)) bytes += Number(file.stat.size)
        progress(report.files, { read: formatSize(bytes) })
      })
    }
    return report
  })
}

/** @returns whether the file was read: not when nothing names it, for then its bytes say nothing */
async function auditFile(
  report: AuditReport,
  { file, finding }: { readonly file: TreeFile; readonly finding: PathFinding },
  signal: AbortSignal,
): Promise<boolean> {
  const { path } = file
  if (finding.indexed.length === 0) {
    report.add(path, judge({ path, sizeBytes: 0, digest: '' }, finding))
    return false
  }
  try {
    // What its checksum files say matters to clients of a tree, not here: the signed digest is the measure.
    const { digest, sizeBytes } = await hashFile({ ...file, sidecars: [] }, { signal })
    report.add(path, judge({ path, sizeBytes, digest }, finding))
    return true
  } catch (error) {
    signal.throwIfAborted()
    report.addProblem(path, error instanceof Error ? error.message : String(error))
    return false
  }
}
