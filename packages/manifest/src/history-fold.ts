import { isMutablePath } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { FoldTable } from './fold-table.ts'
import type { PathKey, ReleaseMemory, TrackedPath } from './fold-table.ts'
import type { HistoryEvent } from './history-event.ts'
import type { IndexDifference } from './index-diff.ts'
import type { IndexEntry } from './index-entry.ts'

/** Why index and history do not agree about a path. */
export interface HistoryMismatch {
  readonly path: RepositoryPath
  readonly reason:
    | 'sequence number falls'
    | 'sequence number is not of these heads'
    | 'release has a second digest'
    | 'release was put twice'
    | 'kind does not fit the path'
    | 'removed without being there'
    | 'only in the index'
    | 'only in the history'
    | 'other bytes in the index'
}

/** Paths that one part of a check keeps in memory: at most 130 MB, and one part for most repositories. */
export const PATHS_PER_PART = 1_000_000

/** Parts differ a little in size. */
const ROOM_TO_SPARE = 1.05

/** Differences that are named of one part. One is enough to refuse an index. */
const MAX_NAMED = 1_000

/** The way from one head to a later one, by the history and by the index. */
export interface HistoryStep {
  /** What the history says happened in between, in order. Read once for each part, and once more to name a path. */
  readonly events: () => AsyncIterable<HistoryEvent> | Iterable<HistoryEvent>
  /** How the indexes of the two heads differ, in one order whenever it is read: as often as the events. */
  readonly changes: () => AsyncIterable<IndexDifference> | Iterable<IndexDifference>
  /** What is known of a path up to the first head; undefined when it was never there. */
  readonly before: (path: RepositoryPath) => Promise<ReleaseMemory | undefined>
  /** Sequence numbers of the two heads; 0 is before the first. */
  readonly fromSeq: number
  readonly toSeq: number
  /**
   * How many events there are: room is made for as many paths. Beyond {@link PATHS_PER_PART} they are gone through in
   * parts, each of which reads events and changes once more.
   *
   * @defaultValue unknown, and no more than one part can hold
   */
  readonly lines?: number
}

/**
 * Check that an index is the fold of the whole history, which keeps its rules: see {@link checkHistoryStep}.
 *
 * @param events all of them, in order; read twice when something does not agree
 * @param entries the index of the same head, in any order; read as often
 * @returns what does not agree; nothing when all is well
 */
export async function* checkHistory(
  events: AsyncIterable<HistoryEvent> | Iterable<HistoryEvent>,
  entries: AsyncIterable<IndexEntry> | Iterable<IndexEntry>,
): AsyncGenerator<HistoryMismatch> {
  yield* checkHistoryStep({
    events: () => events,
    changes: async function* () {
      for await (const entry of entries) yield { path: entry.path, before: undefined, after: entry }
    },
    before: () => Promise.resolve(undefined),
    fromSeq: 0,
    toSeq: Number.MAX_SAFE_INTEGER,
  })
}

/**
 * Check that what changed in the index from one head to a later one is exactly what the history says in between, and
 * that the history keeps its rules: a release has one digest for ever, is put once until it is removed, and nothing
 * is removed that is not there.
 *
 * @returns what does not agree; nothing when all is well
 */
export async function* checkHistoryStep(step: HistoryStep): AsyncGenerator<HistoryMismatch> {
  const { lines = 0 } = step
  const parts = Math.max(1, Math.ceil(lines / PATHS_PER_PART))
  const table = new FoldTable(Math.ceil((lines / parts) * ROOM_TO_SPARE))
  for (let part = 0; part < parts; part += 1) {
    table.clear()
    const isIn = (key: PathKey): boolean => parts === 1 || partOf(key, parts) === part
    yield* checkPart(step, { table, isIn, isFirst: part === 0 })
  }
}

interface Part {
  readonly table: FoldTable
  readonly isIn: (key: PathKey) => boolean
  readonly isFirst: boolean
}

async function* checkPart(step: HistoryStep, part: Part): AsyncGenerator<HistoryMismatch> {
  const { table, isIn, isFirst } = part
  for await (const { path, before, after } of step.changes()) {
    const key = table.keyOf(path)
    if (!isIn(key)) continue
    const now = before === undefined ? await step.before(path) : present(before)
    table.set(key, { now, wanted: after && present(after) })
  }
  let seq = step.fromSeq + 1
  for await (const event of step.events()) {
    const reason = isFirst ? sequenceFlawOf(event.seq, seq, step) : undefined
    if (reason !== undefined) yield { path: event.path, reason }
    seq = Math.max(seq, event.seq)
    const key = table.keyOf(event.path)
    if (isIn(key)) yield* follow(step, { table, key }, event)
  }
  yield* differencesOf(step, table)
}

async function* follow(
  step: HistoryStep,
  { table, key }: { readonly table: FoldTable; readonly key: PathKey },
  event: HistoryEvent,
): AsyncGenerator<HistoryMismatch> {
  const { path } = event
  const { now, wanted } = table.get(key) ?? (await untouched(step, path))
  const reason = flawOf(event, now)
  if (reason !== undefined) yield { path, reason }
  table.set(key, { now: { ...present(event), present: event.kind !== 'del' }, wanted })
}

/** Paths at the end of the history that the later index says something else of. */
async function* differencesOf(
  step: HistoryStep,
  table: FoldTable,
): AsyncGenerator<HistoryMismatch> {
  const reasons = new Map<string, HistoryMismatch['reason']>()
  for (const [key, tracked] of table.entries()) {
    const reason = differenceOf(tracked)
    if (reason !== undefined) reasons.set(key.toString('hex'), reason)
    if (reasons.size >= MAX_NAMED) break
  }
  for (const read of [step.changes, step.events]) {
    if (reasons.size === 0) return
    for await (const { path } of read()) {
      const key = table.keyOf(path).toString('hex')
      const reason = reasons.get(key)
      if (reason !== undefined) yield { path, reason }
      reasons.delete(key)
    }
  }
  if (reasons.size > 0) {
    throw new Error('Cannot name a path: found other events than before, wanted the same')
  }
}

function sequenceFlawOf(
  found: number,
  least: number,
  { fromSeq, toSeq }: HistoryStep,
): HistoryMismatch['reason'] | undefined {
  if (found <= fromSeq || found > toSeq) return 'sequence number is not of these heads'
  return found < least ? 'sequence number falls' : undefined
}

/** A path that both indexes say the same of: what happened to it must have come to nothing. */
async function untouched(step: HistoryStep, path: RepositoryPath): Promise<TrackedPath> {
  const now = await step.before(path)
  return { now, wanted: now?.present === true ? now : undefined }
}

function differenceOf({ now, wanted }: TrackedPath): HistoryMismatch['reason'] | undefined {
  const isPresent = now?.present === true
  if (wanted === undefined) return isPresent ? 'only in the history' : undefined
  if (!isPresent) return 'only in the index'
  return isSame(now, wanted) ? undefined : 'other bytes in the index'
}

function flawOf(
  event: HistoryEvent,
  before: ReleaseMemory | undefined,
): HistoryMismatch['reason'] | undefined {
  if (event.kind === 'del') {
    return before?.present === true && isSame(before, event)
      ? undefined
      : 'removed without being there'
  }
  if ((event.kind === 'mut') !== isMutablePath(event.path)) return 'kind does not fit the path'
  if (event.kind === 'mut' || before === undefined) return undefined
  if (!isSame(before, event)) return 'release has a second digest'
  return before.present ? 'release was put twice' : undefined
}

function isSame(
  a: Pick<ReleaseMemory, 'digest' | 'sizeBytes'>,
  b: Pick<ReleaseMemory, 'digest' | 'sizeBytes'>,
): boolean {
  return a.digest === b.digest && a.sizeBytes === b.sizeBytes
}

function present({ digest, sizeBytes }: Omit<ReleaseMemory, 'present'>): ReleaseMemory {
  return { digest, sizeBytes, present: true }
}

/** By a hash that nobody can skew, so that parts are of about one size whatever the paths are; by its last bytes, for the first ones choose the place in the table. */
function partOf(key: PathKey, parts: number): number {
  return key.readUInt32BE(key.length - 4) % parts
}
