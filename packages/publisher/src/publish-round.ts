import { MAX_OBJECT_BYTES } from '@jarswarm/manifest'
import { ChangeLog } from './change-log.ts'
import { completeState } from './complete-state.ts'
import type { PublishPlaces } from './complete-state.ts'
import { DirectoryRoom } from './directory-room.ts'
import { TreeShrunkError } from './errors.ts'
import { decideNextState } from './next-state.ts'
import { stateFiles } from './published-state.ts'
import type { PublishedState } from './published-state.ts'
import { isResignDue, resignState } from './resign-timestamp.ts'
import { formatRecordedFile, readScanRecord, SCAN_RECORD_HEADER } from './scan-record.ts'
import type { RecordedFile } from './scan-record.ts'
import { emptyReport, scanTree } from './scan-tree.ts'
import type { Judge, PublishProgress, ScanReport } from './scan-tree.ts'
import type { ScannedFile, ScanStep } from './tree-file.ts'
import { leavingWithdrawn } from './withdrawn-files.ts'

/** The scan record is written in pieces of about so many characters, not line by line. */
const RECORD_CHUNK_CHARS = 65_536
/** A tree with less than this part of the files of last time is refused: one half. */
const SHRINK_PARTS = 2

/** What is looked at in one round, and how. */
export interface ScanSource<File extends ScannedFile> {
  /** What the files are called in errors: the tree's directory, or a URL. */
  readonly name: string
  /** Ascending by path. */
  readonly steps: AsyncIterable<ScanStep<File>>
  readonly judge: Judge<File>
  /** Files looked at at a time. */
  readonly concurrency: number
  /** Whether what has no step was not looked at, and stays. */
  readonly isPartial: boolean
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
  const room = new DirectoryRoom()
  const scanned = await scan({ places, before, source }, { report, room, options })
  const { recordPath, changes } = await withhold(places, scanned, { report, room })
  if (before === undefined) source.checkFirst?.()
  if (!options.allowShrink) {
    checkSize(source.name, before, report)
    source.check?.()
  }
  options.signal?.throwIfAborted()
  const { observed, nowMs } = options
  const { counts } = changes
  if (before === undefined || before.head.observed !== observed || changes.size > 0) {
    const next = { before, changes, recordPath, observed, nowMs }
    const state = await decideNextState(places, next)
    await completeState(places, state)
    return { state, report, counts }
  }
  if (report.isRecordChanged) await replaceRecord(places, before, recordPath)
  const isDue = options.resign || isResignDue(places.state, before, nowMs)
  const state = isDue ? await resignState(places, before, nowMs) : before
  return { state, report, counts }
}

/** Where a scan is staged: the new scan record, and its differences from the one before. */
interface Scanned {
  readonly recordPath: string
  readonly changes: ChangeLog
}

interface ScanInput<File extends ScannedFile> {
  readonly places: PublishPlaces
  readonly before: PublishedState | undefined
  readonly source: ScanSource<File>
}

interface ScanOutput {
  readonly report: ScanReport
  readonly room: DirectoryRoom
  readonly options: RoundOptions
}

async function scan<File extends ScannedFile>(
  { places, before, source }: ScanInput<File>,
  { report, room, options }: ScanOutput,
): Promise<Scanned> {
  const records =
    before === undefined ? noRecords() : readScanRecord(stateFiles(before.directory).record)
  const changes = new ChangeLog(places.stateFiles.temporaryPath())
  const { steps, concurrency, isPartial } = source
  const withdrawn = before?.carried.withdrawn ?? []
  const judge = leavingWithdrawn(source.judge, { withdrawn, restore: options.restore })
  try {
    const recorded = scanTree({ steps, records }, report, {
      judge,
      concurrency,
      isPartial,
      onChange: (change) => {
        changes.append(change)
      },
      onProgress: options.onProgress,
    })
    const recordPath = await places.stateFiles.stage(formatRecord(room.measure(recorded)))
    return { recordPath, changes }
  } finally {
    changes.close()
  }
}

/** Let those files wait that their directories have no room for, and take them out of what was scanned. */
async function withhold(
  places: PublishPlaces,
  scanned: Scanned,
  { report, room }: Pick<ScanOutput, 'report' | 'room'>,
): Promise<Scanned> {
  const excess = await room.excess(scanned.changes)
  if (excess.size === 0) return scanned
  const changes = new ChangeLog(places.stateFiles.temporaryPath())
  for await (const change of scanned.changes) {
    if (change.after === undefined || !excess.has(change.after.path)) changes.append(change)
  }
  changes.close()
  const reason = `its directory has no room for it: wanted at most ${String(MAX_OBJECT_BYTES)} bytes of index for one directory, some thousands of files`
  for (const path of excess.keys()) report.waiting.add({ path, reason })
  const kept = async function* (): AsyncGenerator<RecordedFile> {
    for await (const file of readScanRecord(scanned.recordPath)) {
      const change = excess.get(file.entry.path)
      if (change === undefined) yield file
      else if (change.before !== undefined) {
        yield { entry: change.before, stamp: undefined, refused: undefined }
      }
    }
  }
  return { recordPath: await places.stateFiles.stage(formatRecord(kept())), changes }
}

/** Write a scan record, in pieces. */
export async function* formatRecord(files: AsyncIterable<RecordedFile>): AsyncGenerator<string> {
  let lines = SCAN_RECORD_HEADER
  for await (const file of files) {
    lines += formatRecordedFile(file)
    if (lines.length < RECORD_CHUNK_CHARS) continue
    yield lines
    lines = ''
  }
  yield lines
}

// eslint-disable-next-line @typescript-eslint/require-await -- an empty record, in the form of a read one
async function* noRecords(): AsyncGenerator<RecordedFile> {
  yield* []
}

function checkSize(name: string, before: PublishedState | undefined, report: ScanReport): void {
  const wanted = before === undefined ? 1 : Math.ceil(report.presentBefore / SHRINK_PARTS)
  if (report.present < wanted) throw new TreeShrunkError(name, { found: report.present, wanted })
}

async function replaceRecord(
  { stateFiles: files }: PublishPlaces,
  state: PublishedState,
  recordPath: string,
): Promise<void> {
  await files.sync(recordPath)
  await files.adopt(recordPath, stateFiles(state.directory).record)
  await files.settle()
}
