import { MAX_OBJECT_BYTES } from '@jarswarm/manifest'
import { completeState } from './complete-state.ts'
import type { PublishPlaces } from './complete-state.ts'
import { DirectoryRoom } from './directory-room.ts'
import { TreeShrunkError } from './errors.ts'
import type { RefusedFile } from './judge-file.ts'
import { decideNextState } from './next-state.ts'
import { openPlaces } from './open-places.ts'
import type { OpenPlacesOptions } from './open-places.ts'
import { stateFiles } from './published-state.ts'
import type { PublishedState } from './published-state.ts'
import { isResignDue, resignState } from './resign-timestamp.ts'
import { formatRecordedFile, readScanRecord, SCAN_RECORD_HEADER } from './scan-record.ts'
import type { RecordedFile } from './scan-record.ts'
import { emptyReport, scanTree } from './scan-tree.ts'
import type { PublishProgress, ReportedPath, ScanReport } from './scan-tree.ts'
import { sweep } from './sweep.ts'
import { walkTree } from './walk-tree.ts'

/** Files hashed at a time: Node reads and hashes on few threads, so more would only wait. */
const HASH_CONCURRENCY = 4
/** The scan record is written in pieces of about so many characters, not line by line. */
const RECORD_CHUNK_CHARS = 65_536
/** A tree with less than this part of the files of last time is refused: one half. */
const SHRINK_PARTS = 2

export interface PublishTreeOptions {
  readonly stateDir: string
  readonly treeDir: string
  /** Milliseconds since the epoch. @defaultValue the system's clock */
  readonly nowMs?: number | undefined
  /**
   * Base URL that these files were seen at by somebody who is not its operator; goes into the head.
   *
   * @defaultValue null: the operator signs
   */
  readonly observed?: string | null | undefined
  /** Files hashed at a time. @defaultValue 4 */
  readonly concurrency?: number | undefined
  /** Publish a tree with less than half of the files of last time, too. */
  readonly allowShrink?: boolean | undefined
  /** Sign the timestamp anew in any case, not only when it is older than an hour. */
  readonly resign?: boolean | undefined
  /** Ends the scan; a state that is decided is completed all the same. */
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: PublishProgress) => void) | undefined
}

/** What a publish did. Lists ascend by path. */
export interface PublishReport {
  /** Number of the head that is published now. */
  readonly seq: number
  /** Artifacts in the index, and the sum of their sizes. */
  readonly files: number
  readonly bytes: number
  /** Artifacts that differ from the state before. */
  readonly added: number
  readonly changed: number
  readonly removed: number
  /** What could not be indexed as it stands: unreadable, still being written, not what its `.sha1` says, odd links. */
  readonly waiting: readonly ReportedPath[]
  /** Releases whose bytes changed; what was published stays. */
  readonly refused: readonly RefusedFile[]
  /** Sidecars that disagree with their published files, and are ignored. */
  readonly mismatches: readonly ReportedPath[]
  /** Files that are no repository's: bookkeeping of clients, and hidden files and directories. */
  readonly leftOut: number
  /** How long it took, in milliseconds. */
  readonly ms: number
}

/**
 * Publish a Maven tree: write its signed index below `.jarswarm/`, reading only what changed since the last time.
 *
 * Readers see the state before or the state after, whatever moment this is killed at; the next run goes on where this
 * one ended. Without changes nothing is published but, once an hour, a new timestamp.
 *
 * @throws {PublishRefusedError} when publishing would break a promise
 * @throws the signal's reason
 */
export async function publishTree(options: PublishTreeOptions): Promise<PublishReport> {
  return publishWith(options, {})
}

/** `publishTree`, with a watch on each change of the disk for tests that stop at any of them. */
export async function publishWith(
  options: PublishTreeOptions,
  inject: Pick<OpenPlacesOptions, 'before'>,
): Promise<PublishReport> {
  const startMs = performance.now()
  const { nowMs = Date.now(), observed = null } = options
  await using places = await openPlaces({ ...options, ...inject })
  const report = emptyReport()
  const before = places.newest
  const room = new DirectoryRoom()
  const scanned = await scan(places, room, { options, before, report })
  const recordPath = await withhold(places, scanned, { report, room })
  checkSize(options, before, report)
  options.signal?.throwIfAborted()
  let state = before
  if (before?.head.observed !== observed || report.changes.length > 0) {
    const { changes } = report
    state = await decideNextState(places, { before, changes, recordPath, observed, nowMs })
    await completeState(places, state)
  } else {
    if (report.isRecordChanged) await replaceRecord(places, before, recordPath)
    if (options.resign === true || isResignDue(places.state, before, nowMs)) {
      state = await resignState(places, before, nowMs)
    }
  }
  if (state === undefined) throw new Error('Cannot publish: found no state')
  await sweep(places, state, nowMs)
  return toReport(state, report, performance.now() - startMs)
}

interface Scan {
  readonly options: PublishTreeOptions
  readonly before: PublishedState | undefined
  readonly report: ScanReport
}

/** @returns where the new scan record is staged */
async function scan(
  places: PublishPlaces,
  room: DirectoryRoom,
  { options, before, report }: Scan,
): Promise<string> {
  const records =
    before === undefined ? noRecords() : readScanRecord(stateFiles(before.directory).record)
  const recorded = scanTree({ steps: walkTree(options.treeDir, options.signal), records }, report, {
    concurrency: options.concurrency ?? HASH_CONCURRENCY,
    temporaryPath: () => places.treeFiles.temporaryPath(),
    signal: options.signal,
    onProgress: options.onProgress,
  })
  return places.stateFiles.stage(formatRecord(room.measure(recorded)))
}

/**
 * Let those files wait that their directories have no room for, and take them out of the scan record.
 *
 * @returns where the scan record is staged now
 */
async function withhold(
  places: PublishPlaces,
  recordPath: string,
  { report, room }: { readonly report: ScanReport; readonly room: DirectoryRoom },
): Promise<string> {
  const excess = room.excess(report.changes)
  if (excess.size === 0) return recordPath
  report.changes = report.changes.filter(({ after }) => !after || !excess.has(after.path))
  const reason = `its directory has no room for it: wanted at most ${String(MAX_OBJECT_BYTES)} bytes of index for one directory, some thousands of files`
  for (const path of excess.keys()) report.waiting.push({ path, reason })
  report.waiting.sort((a, b) => (a.path < b.path ? -1 : 1))
  const kept = async function* (): AsyncGenerator<RecordedFile> {
    for await (const file of readScanRecord(recordPath)) {
      const change = excess.get(file.entry.path)
      if (change === undefined) yield file
      else if (change.before !== undefined) {
        yield { entry: change.before, stamp: undefined, refused: undefined }
      }
    }
  }
  return places.stateFiles.stage(formatRecord(kept()))
}

async function* formatRecord(files: AsyncIterable<RecordedFile>): AsyncGenerator<string> {
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

function checkSize(
  { allowShrink, treeDir }: PublishTreeOptions,
  before: PublishedState | undefined,
  report: ScanReport,
): void {
  if (allowShrink === true) return
  const wanted = before === undefined ? 1 : Math.ceil(report.presentBefore / SHRINK_PARTS)
  if (report.present < wanted) throw new TreeShrunkError(treeDir, { found: report.present, wanted })
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

function toReport(state: PublishedState, report: ScanReport, ms: number): PublishReport {
  const { index, seq } = state.head
  const { changes, waiting, refused, mismatches, leftOut } = report
  return {
    seq,
    files: index.files,
    bytes: index.bytes,
    added: changes.filter(({ before }) => before === undefined).length,
    changed: changes.filter(({ before, after }) => before && after).length,
    removed: changes.filter(({ after }) => after === undefined).length,
    waiting,
    refused,
    mismatches,
    leftOut,
    ms: Math.round(ms),
  }
}
