import { isMutablePath } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { sha256 } from './digest.ts'
import type { Digest } from './digest.ts'
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

/** What is known of a path: the bytes it has, or had when it is not present. */
export interface ReleaseMemory {
  readonly digest: Digest
  readonly sizeBytes: number
  readonly present: boolean
}

/** The way from one head to a later one, by the history and by the index. */
export interface HistoryStep {
  /** What the history says happened in between, in order. Read once for each part. */
  readonly events: () => AsyncIterable<HistoryEvent> | Iterable<HistoryEvent>
  /** How the indexes of the two heads differ, in any order. Read once for each part. */
  readonly changes: () => AsyncIterable<IndexDifference> | Iterable<IndexDifference>
  /** What is known of a path up to the first head; undefined when it was never there. */
  readonly before: (path: RepositoryPath) => Promise<ReleaseMemory | undefined>
  /** Sequence numbers of the two heads; 0 is before the first. */
  readonly fromSeq: number
  readonly toSeq: number
  /**
   * In how many parts to go through the paths. Each part keeps about 400 bytes for each of its paths, and reads
   * events and changes once more.
   *
   * @defaultValue 1
   */
  readonly parts?: number
}

/** What is known of one path on the way. */
interface Tracked {
  now: ReleaseMemory | undefined
  /** What the later index says; undefined when it is absent there. */
  wanted: ReleaseMemory | undefined
}

/**
 * Check that an index is the fold of the whole history, which keeps its rules: see {@link checkHistoryStep}.
 *
 * @param events all of them, in order
 * @param entries the index of the same head, in any order
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
  const { parts = 1 } = step
  for (let part = 0; part < parts; part += 1) {
    const isIn = (path: string): boolean => parts === 1 || partOf(path, parts) === part
    yield* checkPart(step, isIn, part === 0)
  }
}

async function* checkPart(
  step: HistoryStep,
  isIn: (path: string) => boolean,
  isFirst: boolean,
): AsyncGenerator<HistoryMismatch> {
  const paths = new Map<RepositoryPath, Tracked>()
  for await (const { path, before, after } of step.changes()) {
    if (!isIn(path)) continue
    const now = before === undefined ? await step.before(path) : present(before)
    paths.set(path, { now, wanted: after && present(after) })
  }
  let seq = step.fromSeq + 1
  for await (const event of step.events()) {
    const reason = isFirst ? sequenceFlawOf(event.seq, seq, step) : undefined
    if (reason !== undefined) yield { path: event.path, reason }
    seq = Math.max(seq, event.seq)
    if (isIn(event.path)) yield* follow(step, paths, event)
  }
  for (const [path, tracked] of paths) {
    const reason = differenceOf(tracked)
    if (reason !== undefined) yield { path, reason }
  }
}

async function* follow(
  step: HistoryStep,
  paths: Map<RepositoryPath, Tracked>,
  event: HistoryEvent,
): AsyncGenerator<HistoryMismatch> {
  const { path } = event
  const tracked = paths.get(path) ?? (await untouched(step, path))
  const reason = flawOf(event, tracked.now)
  if (reason !== undefined) yield { path, reason }
  tracked.now = { ...present(event), present: event.kind !== 'del' }
  paths.set(path, tracked)
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
async function untouched(step: HistoryStep, path: RepositoryPath): Promise<Tracked> {
  const now = await step.before(path)
  return { now, wanted: now?.present === true ? now : undefined }
}

function differenceOf({ now, wanted }: Tracked): HistoryMismatch['reason'] | undefined {
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

/** By a hash that nobody can skew cheaply, so that parts are of about one size whatever the paths are. */
function partOf(path: string, parts: number): number {
  return Number.parseInt(sha256(Buffer.from(path, 'latin1')).slice(0, 8), 16) % parts
}
