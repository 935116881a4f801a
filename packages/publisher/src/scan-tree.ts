import PQueue from 'p-queue'
import { judgeFile, judgeUnchanged, judgeVanished } from './judge-file.ts'
import type { JudgeOptions, RefusedFile, TreeChange, Verdict } from './judge-file.ts'
import { pairPaths } from './pair-paths.ts'
import type { PathPair } from './pair-paths.ts'
import type { RecordedFile } from './scan-record.ts'
import type { TreeStep } from './tree-file.ts'

/** Paths that are judged ahead of the one that is written next: enough that a large file does not stop the others. */
const MAX_AHEAD = 512

/** A path that is not published as it stands in the tree, and why. */
export interface ReportedPath {
  readonly path: string
  readonly reason: string
}

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

/** What a scan found, all lists in ascending order of paths. */
export interface ScanReport {
  changes: TreeChange[]
  readonly waiting: ReportedPath[]
  readonly refused: RefusedFile[]
  /** Sidecars that disagree with files that were indexed all the same. */
  readonly mismatches: ReportedPath[]
  leftOut: number
  /** Whether what is to be recorded differs from what was. */
  isRecordChanged: boolean
  /** Artifacts that stand in the tree, and those that stood there at the last scan. */
  present: number
  presentBefore: number
}

export interface ScanOptions extends JudgeOptions {
  /** Files hashed at a time. */
  readonly concurrency: number
  readonly onProgress: ((progress: PublishProgress) => void) | undefined
}

/**
 * Compare a tree with what was recorded of it, both in ascending order of paths, reading only what changed.
 *
 * @param report filled in on the way; complete when the iteration ends
 * @returns what to record of each path, ascending
 */
export async function* scanTree(
  sources: {
    readonly steps: AsyncIterable<TreeStep>
    readonly records: AsyncIterable<RecordedFile>
  },
  report: ScanReport,
  options: ScanOptions,
): AsyncGenerator<RecordedFile> {
  const queue = new PQueue({ concurrency: options.concurrency })
  const progress = { done: 0, total: 0, hashedFiles: 0, hashedBytes: 0 }
  const settle = (pair: PathPair, verdict: Verdict): RecordedFile | undefined => {
    count(pair, verdict, report)
    progress.done += 1
    if (verdict.hashedBytes !== undefined) {
      progress.hashedFiles += 1
      progress.hashedBytes += verdict.hashedBytes
    }
    options.onProgress?.({ ...progress })
    return verdict.recorded
  }
  const ahead: { readonly pair: PathPair; readonly verdict: Promise<Verdict> | Verdict }[] = []
  try {
    for await (const pair of pairPaths(sources.steps, sources.records)) {
      progress.total += 1
      ahead.push({ pair, verdict: judge(pair, queue, options) })
      if (ahead.length < MAX_AHEAD) continue
      const next = ahead.shift()
      const recorded = next && settle(next.pair, await next.verdict)
      if (recorded !== undefined) yield recorded
    }
    for (const next of ahead.splice(0)) {
      const recorded = settle(next.pair, await next.verdict)
      if (recorded !== undefined) yield recorded
    }
  } finally {
    // After an error what has begun ends before the caller goes on, so that nothing writes behind its back.
    queue.clear()
    await queue.onIdle()
  }
}

/** A report of nothing yet. */
export function emptyReport(): ScanReport {
  return {
    changes: [],
    waiting: [],
    refused: [],
    mismatches: [],
    leftOut: 0,
    isRecordChanged: false,
    present: 0,
    presentBefore: 0,
  }
}

function judge(pair: PathPair, queue: PQueue, options: ScanOptions): Promise<Verdict> | Verdict {
  const { step, recorded } = pair
  if (step?.kind === 'file') {
    const unchanged = judgeUnchanged(step, recorded)
    if (unchanged !== undefined) return unchanged
    const verdict = queue.add(() => judgeFile(step, recorded, options))
    // It is awaited later, in order; until then its failure is not unhandled.
    verdict.catch(() => undefined)
    return verdict
  }
  if (step !== undefined)
    return { recorded, ...(step.kind === 'problem' && { waiting: step.reason }) }
  if (recorded === undefined) return { recorded: undefined }
  return pair.hidden ? { recorded } : judgeVanished(recorded)
}

function count(pair: PathPair, verdict: Verdict, report: ScanReport): void {
  countFile(pair, verdict, report)
  const { path } = pair
  if (verdict.change !== undefined) report.changes.push(verdict.change)
  if (verdict.waiting !== undefined) report.waiting.push({ path, reason: verdict.waiting })
  if (verdict.refused !== undefined) report.refused.push(verdict.refused)
  for (const reason of verdict.mismatches ?? []) report.mismatches.push({ path, reason })
}

function countFile(
  { step, recorded, hidden }: PathPair,
  verdict: Verdict,
  report: ScanReport,
): void {
  const wasPresent = recorded?.stamp !== undefined
  if (step?.kind === 'left-out') report.leftOut += 1
  if (verdict.recorded !== recorded) report.isRecordChanged = true
  if (wasPresent) report.presentBefore += 1
  if (step?.kind === 'file' || (hidden && wasPresent)) report.present += 1
}
