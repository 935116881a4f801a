import type { IndexEntry } from '@jarswarm/manifest'
import type { IndexSlice, NodeControl } from '@jarswarm/node'
import { inParallel } from '@jarswarm/publisher'
import { withProgress } from '../../progress-bar.ts'
import type { ProgressValues } from '../../progress-bar.ts'
import { formatSize } from '../../size.ts'
import type { Terminal } from '../../terminal.ts'
import { MirrorAudit } from './mirror-audit.ts'
import type { MirrorAuditInit } from './mirror-audit.ts'
import type { MirrorReport } from './mirror-report.ts'

/**
 * Compare an HTTP repository with the signed index, file by file. What was compared stands in the report, however
 * this ends.
 *
 * @throws {OriginLostError} when the server cannot be asked any more
 */
export async function auditMirror(
  node: NodeControl,
  init: MirrorAuditInit,
  terminal: Terminal,
): Promise<void> {
  const { report, connections } = init
  const audit = new MirrorAudit(node, init, terminal)
  await askWithdrawn(node, audit, init)
  const entries = entriesOf(node, report, terminal.signal)
  const values = (): ProgressValues => ({
    read: formatSize(audit.readBytes),
    found: String(report.differing),
  })
  const format = '{bar} {value} of {total} files, {read} read, {found} differ'
  await withProgress(terminal, { format, start: values() }, (progress) =>
    inParallel(entries, connections, async (entry) => {
      await audit.compare(entry)
      progress(report.files, values(), Math.min(report.sample ?? Infinity, report.indexed))
    }),
  )
}

/** Malware that a server still gives out is in no index any more. */
async function askWithdrawn(
  node: NodeControl,
  audit: MirrorAudit,
  { report, connections }: MirrorAuditInit,
): Promise<void> {
  const { count, files } = await node.withdrawn(report.repository)
  report.withdrawn = count
  const newest = files.slice(0, report.sample ?? Infinity)
  await inParallel(newest, connections, (file) => audit.askWithdrawn(file))
}

async function* entriesOf(
  node: NodeControl,
  report: MirrorReport,
  signal: AbortSignal,
): AsyncGenerator<IndexEntry, void, undefined> {
  const { repository, sample } = report
  for (let after: string | null = ''; after !== null;) {
    const query = sample === undefined ? { repository, after } : { repository, sample }
    const slice: IndexSlice = await node.readIndex(query, { signal })
    report.seq = slice.seq
    report.indexed = slice.files
    yield* slice.entries
    after = slice.next
  }
}
