import { findDirectory, MAX_OBJECT_BYTES } from '@jarswarm/manifest'
import { ChangeLog } from './change-log.ts'
import { completeState } from './complete-state.ts'
import type { PublishPlaces } from './complete-state.ts'
import { changesWithoutRoom } from './directory-room.ts'
import { TreeShrunkError } from './errors.ts'
import { inTurns } from './in-turns.ts'
import { objectSource } from './index-objects.ts'
import { decideNextState } from './next-state.ts'
import { pairListed, pairPaths } from './pair-paths.ts'
import { recordOf } from './published-state.ts'
import type { PublishedState } from './published-state.ts'
import { RecordDraft } from './record-draft.ts'
import { recordPaths } from './record-files.ts'
import { RecordFinder } from './record-finder.ts'
import { replaceRecord } from './replace-record.ts'
import { isResignDue, resignState } from './resign-timestamp.ts'
import { mergeRecordFiles, recordedFiles } from './scan-record.ts'
import { emptyReport, scanTree } from './scan-tree.ts'
import type { Judge, PublishProgress, ScanReport } from './scan-tree.ts'
import type { ScannedFile, ScanStep } from './tree-file.ts'
import { leavingWithdrawn } from './withdrawn-files.ts'

/** A tree with less than this part of the files of last time is refused: one half. */
const SHRINK_PARTS = 2

/** What is looked at in one round, and how. */
export type ScanSource<File extends ScannedFile> = ScanJudging<File> & Looks<File>

/** What is looked at, ascending by path. */
type Looks<File extends ScannedFile> =
  | { readonly isPartial: false; readonly steps: Iterable<ScanStep<File>> }
  /** What has no step was not looked at, and stays. */
  | { readonly isPartial: true; readonly steps: AsyncIterable<ScanStep<File>> }

interface ScanJudging<File extends ScannedFile> {
  /** What the files are called in errors: the tree's directory, or a URL. */
  readonly name: string
  readonly judge: Judge<File>
  /** Files looked at at a time. */
  readonly concurrency: number
  /** Throws when too much has gone to be true; not asked when less is expected. */
  readonly check?: () => void
  /** Throws when what was found is no base for a first state. */
  readonly checkFirst?: () => void
}

export interface RoundOptions {
  /** Base URL that somebody else than its operator saw the files at, or null. */
  readonly observed: string | null
  readonly nowMs: number
  /** Publish less than half of the files of last time, too. */
  readonly allowShrink: boolean
  /** Sign the timestamp anew in any case. */
  readonly resign: boolean
  /** Withdrawn paths that may come back. */
  readonly restore: ReadonlySet<string>
  readonly signal: AbortSignal | undefined
  readonly onProgress: ((progress: PublishProgress) => void) | undefined
}

/** What one round found and changed. */
export interface Round {
  readonly state: PublishedState
  readonly report: ScanReport
  readonly counts: ChangeLog['counts']
}

/** Look at files, and publish what differs from the state before. */
export async function publishRound<File extends ScannedFile>(
  places: PublishPlaces,
  before: PublishedState | undefined,
  { source, options }: { readonly source: ScanSource<File>; readonly options: RoundOptions },
): Promise<Round> {
  const report = emptyReport()
  const scanned = await scan({ places, before, source }, report, options)
  const { draft, changes } = await withhold({ places, before }, scanned, report)
  if (before === undefined) source.checkFirst?.()
  if (!options.allowShrink) {
    checkSize(source, before, report)
    source.check?.()
  }
  options.signal?.throwIfAborted()
  const { observed, nowMs } = options
  const { counts } = changes
  if (before === undefined || before.head.observed !== observed || changes.size > 0) {
    const next = { before, changes, draft, observed, nowMs }
    const state = await decideNextState(places, next)
    await completeState(places, state)
    return { state, report, counts }
  }
  const current = await replaceRecord(places, before, draft)
  const isDue = options.resign || isResignDue(places.state, current, nowMs)
  const state = isDue ? await resignState(places, current, nowMs) : current
  return { state, report, counts }
}

/** What a scan found, on disk: how the scan record and the index differ from the ones before. */
interface Scanned {
  readonly draft: RecordDraft
  readonly changes: ChangeLog
}

/** From where a round goes on. */
interface Beginning {
  readonly places: PublishPlaces
  readonly before: PublishedState | undefined
}

async function scan<File extends ScannedFile>(
  { places, before, source }: Beginning & { readonly source: ScanSource<File> },
  report: ScanReport,
  { restore, onProgress }: RoundOptions,
): Promise<Scanned> {
  using draft = openDraft(places)
  using changes = openChanges(places)
  const withdrawn = before?.carried.withdrawn ?? []
  const record = recordOf(before)
  using finder = new RecordFinder(record)
  const pairs = source.isPartial
    ? pairListed(source.steps, (path) => finder.find(path))
    : inTurns(pairPaths(source.steps, recordedFiles(recordPaths(record))))
  await scanTree(pairs, report, {
    judge: leavingWithdrawn(source.judge, { withdrawn, restore }),
    concurrency: source.concurrency,
    onRecord: (was, is) => {
      draft.compare(was, is)
    },
    onChange: (change) => {
      changes.append(change)
    },
    onProgress,
  })
  changes.close()
  draft.close()
  return { draft, changes }
}

function openDraft({ stateFiles }: PublishPlaces): RecordDraft {
  return new RecordDraft(stateFiles.temporaryPath())
}

function openChanges({ stateFiles }: PublishPlaces): ChangeLog {
  return new ChangeLog(stateFiles.temporaryPath())
}

/** Let those files wait that their directories have no room for, and take them out of what was scanned. */
async function withhold(
  { places, before }: Beginning,
  scanned: Scanned,
  report: ScanReport,
): Promise<Scanned> {
  const source = objectSource(places)
  const excess = await changesWithoutRoom(scanned.changes, (directory) =>
    before === undefined
      ? Promise.resolve(undefined)
      : findDirectory(source, before.head.index.root, directory),
  )
  if (excess.size === 0) return scanned
  using draft = openDraft(places)
  using changes = openChanges(places)
  for await (const change of scanned.changes) {
    if (change.after === undefined || !excess.has(change.after.path)) changes.append(change)
  }
  changes.close()
  const reason = `its directory has no room for it: wanted at most ${String(MAX_OBJECT_BYTES)} bytes of index for one directory, some thousands of files`
  for (const path of excess.keys()) report.waiting.add({ path, reason })
  for await (const line of inTurns(mergeRecordFiles(scanned.draft.files))) {
    const change = excess.get(line.path)
    if (change === undefined) draft.append(line)
    else if (change.before !== undefined) {
      draft.append({
        ...line,
        file: { entry: change.before, stamp: undefined, refused: undefined },
      })
    }
  }
  draft.close()
  return { draft, changes }
}

function checkSize<File extends ScannedFile>(
  { name, isPartial }: ScanSource<File>,
  before: PublishedState | undefined,
  { present, presentBefore, publishedBefore }: ScanReport,
): void {
  // What was not looked at is there as it was.
  const unseen = isPartial ? (before?.head.index.files ?? 0) - publishedBefore : 0
  const wanted = before === undefined ? 1 : Math.ceil((presentBefore + unseen) / SHRINK_PARTS)
  const found = present + unseen
  if (found < wanted) throw new TreeShrunkError(name, { found, wanted })
}
