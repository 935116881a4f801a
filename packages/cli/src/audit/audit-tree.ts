import { isMutablePath } from '@jarswarm/maven'
import type { NodeControl, PathFinding } from '@jarswarm/node'
import { hashFile, inParallel } from '@jarswarm/publisher'
import type { TreeFile } from '@jarswarm/publisher'
import { countFiles, readTree } from '../local-tree.ts'
import { withProgress } from '../progress-bar.ts'
import { formatSize } from '../size.ts'
import type { Terminal } from '../terminal.ts'
import { AuditReport } from './audit-report.ts'
import { readClientNotes } from './client-notes.ts'
import { PastStates } from './past-states.ts'
import { judge, withRemarks } from './verdict.ts'
import type { Difference } from './verdict.ts'

/** Files hashed at a time. */
const HASHED_AT_ONCE = 4

/** The report of a tree: a mutable file that was not fetched since is in order. */
export function treeReport(): AuditReport {
  return new AuditReport(['changed', 'withdrawn', 'older'], ['older'])
}

interface Audit {
  readonly report: AuditReport
  readonly past: PastStates
  readonly signal: AbortSignal
}

/** Compare each file of a Maven tree or a client's cache with the signed indexes. */
export async function auditTree(
  node: NodeControl,
  { directory, report }: { readonly directory: string; readonly report: AuditReport },
  terminal: Terminal,
): Promise<void> {
  const { signal } = terminal
  const audit = { report, past: new PastStates(node, signal), signal }
  let bytes = 0
  const shown = {
    format: '{bar} {value} of {total} files, {read} read',
    start: { read: formatSize(0) },
    countAll: () => countFiles(directory, signal),
  }
  await withProgress(terminal, shown, async (progress) => {
    for await (const { files, problems } of readTree(directory, signal)) {
      for (const { path, reason } of problems) report.addProblem(path, reason)
      const findings = await node.lookUp(
        files.map(({ path }) => path),
        { signal },
      )
      const pairs = files.map((file, at) => ({ file, finding: findings[at] }))
      await inParallel(pairs, HASHED_AT_ONCE, async ({ file, finding }) => {
        if (finding === undefined) throw new TypeError('Cannot audit: an answer is missing')
        if (await auditFile(audit, file, finding)) bytes += Number(file.stat.size)
        progress(report.files, { read: formatSize(bytes) })
      })
    }
  })
}

/** @returns whether the file was read: not when nothing names it, for then its bytes say nothing */
async function auditFile(audit: Audit, file: TreeFile, finding: PathFinding): Promise<boolean> {
  const { report, signal } = audit
  const { path } = file
  if (finding.indexed.length === 0 && finding.withdrawn.length === 0) {
    report.add(path, judge({ path, sizeBytes: 0, digest: undefined }, finding))
    return false
  }
  try {
    // What its checksum files say matters to clients of a tree, not here: the signed digest is the measure.
    const { digest, sizeBytes } = await hashFile({ ...file, sidecars: [] }, { signal })
    const verdict = judge({ path, sizeBytes, digest }, finding)
    if (verdict.kind !== 'differs' || verdict.difference.kind === 'withdrawn')
      report.add(path, verdict)
    else {
      const difference = await explain(audit, file, verdict.difference)
      report.add(path, { kind: 'differs', difference })
    }
    return true
  } catch (error) {
    signal.throwIfAborted()
    report.addProblem(path, error instanceof Error ? error.message : String(error))
    return false
  }
}

/** Bytes that a mutable file had before are no change; of others, say where the client had them from. */
async function explain(
  { past }: Audit,
  { path, realPath }: TreeFile,
  difference: Difference,
): Promise<Difference> {
  const { repository, found } = difference
  const state = isMutablePath(path)
    ? await past.find(repository, path, found?.digest ?? undefined)
    : 'never'
  if (state === 'published') return { ...difference, kind: 'older' }
  const from = await readClientNotes(realPath)
  return withRemarks(
    difference,
    ...(from === undefined
      ? []
      : [from === '' ? 'installed here' : `the client had it from ${from}`]),
    ...(state === 'unasked' ? ['its history cannot be read now'] : []),
  )
}
