import PQueue from 'p-queue'
import { judgeMissing, judgeVanished } from './judge-file.ts'
import type { RefusedFile, TreeChange, Verdict } from './judge-file.ts'
import type { PathPair } from './pair-paths.ts'
import { ReportedPaths } from './reported-paths.ts'
import type { RecordedFile } from './scan-record.ts'
import type { ScannedFile } from './tree-file.ts'

/** Paths that are judged ahead of the one that is written next: enough that a large file does not stop the others. */
const MAX_AHEAD = 512

/** How far a publish is. */
export interface PublishProgress {
  /** Paths that are dealt with. */
  readonly done: number
  /** Paths found so far; grows while the tree is walked. */
  readonly total: number
  /** Files that were read, and their bytes. */
  readonly hashedFiles: number
  readonly hashedBytes: number
}

/** What a scan found. The changes go to whom the scan was told. */
export interface ScanReport {
  readonly waiting: ReportedPaths
  readonly refused: ReportedPaths<RefusedFile>
  /** Sidecars that disagree with files that were indexed all the same. */
  readonly mismatches: ReportedPaths
  /** What was to be looked at and is not there. */
  readonly missing: ReportedPaths
  /** What was withdrawn and still stands there. */
  readonly withdrawn: ReportedPaths
  leftOut: number
  /** Artifacts that were looked for and published before. */
  publishedBefore: number
  /** Artifacts that stand in the tree, and those that stood there at the last scan. */
  present: number
  presentBefore: number
}

/** Says what becomes of a file. */
export interface Judge<File extends ScannedFile> {
  /** Without looking at the file's bytes; undefined when they must be looked at. */
  readonly known: (file: File, recorded: RecordedFile | undefined) => Verdict | undefined
  readonly look: (file: File, recorded: RecordedFile | undefined) => Promise<Verdict>
}

export interface ScanOptions<File extends ScannedFile> {
  readonly judge: Judge<File>
  /** Files looked at at a time. */
  readonly concurrency: number
  /** Called with what was and what is to be recorded of each path, in ascending order. */
  readonly onRecord: (before: RecordedFile | undefined, after: RecordedFile | undefined) => void
  /** Called with each change, in ascending order of paths. */
  readonly onChange: (change: TreeChange) => void
  readonly onProgress: ((progress: PublishProgress) => void) | undefined
}

/**
 * Compare a tree with what was recorded of it, reading only what changed.
 *
 * @param pairs ascending by path
 * @param report filled in on the way; complete in the end
 */
export async function scanTree<File extends ScannedFile>(
  pairs: AsyncIterable<PathPair<File>>,
  report: ScanReport,
  options: ScanOptions<File>,
): Promise<void> {
  const queue = new PQueue({ concurrency: options.concurrency })
  const progress = { done: 0, total: 0, hashedFiles: 0, hashedBytes: 0 }
  const settle = (pair: PathPair<File>, verdict: Verdict): void => {
    count(pair, verdict, report)
    if (verdict.change !== undefined) options.onChange(verdict.change)
    options.onRecord(pair.recorded, verdict.recorded)
    progress.done += 1
    if (verdict.hashedBytes !== undefined) {
      progress.hashedFiles += 1
      progress.hashedBytes += verdict.hashedBytes
    }
    options.onProgress?.({ ...progress })
  }
  const ahead: { readonly pair: PathPair<File>; readonly verdict: Promise<Verdict> }[] = []
  const settleNext = async (): Promise<void> => {
    const next = ahead.shift()
    if (next !== undefined) settle(next.pair, await next.verdict)
  }
  try {
    for await (const pair of pairs) {
      progress.total += 1
      const verdict = judge(pair, queue, options)
      // Most have not changed: nobody has to wait for what is said at once.
      if (ahead.length === 0 && !(verdict instanceof Promise)) {
        settle(pair, verdict)
        continue
      }
      ahead.push({ pair, verdict: Promise.resolve(verdict) })
      if (ahead.length >= MAX_AHEAD) await settleNext()
    }
    while (ahead.length > 0) await settleNext()
  } finally {
    // After an error what has begun ends before the caller goes on, so that nothing writes behind its back.
    queue.clear()
    await queue.onIdle()
  }
}

/** A report of nothing yet. */
export function emptyReport(): ScanReport {
  return {
    waiting: new ReportedPaths(),
    refused: new ReportedPaths<RefusedFile>(),
    mismatches: new ReportedPaths(),
    missing: new ReportedPaths(),
    withdrawn: new ReportedPaths(),
    leftOut: 0,
    publishedBefore: 0,
    present: 0,
    presentBefore: 0,
  }
}

function judge<File extends ScannedFile>(
  pair: PathPair<File>,
  queue: PQueue,
  options: ScanOptions<File>,
): Promise<Verdict> | Verdict {
  const { step, recorded } = pair
  if (step === undefined) {
    if (recorded === undefined) return { recorded: undefined }
    return pair.hidden ? { recorded } : judgeVanished(recorded)
  }
  switch (step.kind) {
    case 'problem':
      return { recorded, waiting: step.reason }
    case 'left-out':
      return { recorded }
    case 'gone':
      return judgeMissing(recorded, 'there is no such file')
    case 'file': {
      const known = options.judge.known(step, recorded)
      if (known !== undefined) return known
      const verdict = queue.add(() => options.judge.look(step, recorded))
      // It is awaited later, in order; until then its failure is not unhandled.
      verdict.catch(() => undefined)
      return verdict
    }
  }
}

function count(pair: PathPair<ScannedFile>, verdict: Verdict, report: ScanReport): void {
  countFile(pair, verdict, report)
  const { path } = pair
  if (verdict.missing !== undefined) report.missing.add({ path, reason: verdict.missing })
  if (verdict.withdrawn !== undefined) report.withdrawn.add({ path, reason: verdict.withdrawn })
  if (verdict.waiting !== undefined) report.waiting.add({ path, reason: verdict.waiting })
  if (verdict.refused !== undefined) report.refused.add(verdict.refused)
  for (const reason of verdict.mismatches ?? []) report.mismatches.add({ path, reason })
}

function countFile(
  { step, recorded, hidden }: PathPair<ScannedFile>,
  verdict: Verdict,
  report: ScanReport,
): void {
  const wasPresent = recorded?.stamp !== undefined
  if (step?.kind === 'left-out') report.leftOut += 1
  if (recorded !== undefined) report.publishedBefore += 1
  if (wasPresent) report.presentBefore += 1
  const isThere = step?.kind === 'file' && verdict.missing === undefined
  if (isThere || (step === undefined && hidden && wasPresent)) report.present += 1
}
