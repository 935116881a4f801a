/** Bringing a copy of the index from one root to the next: what to fetch, and what may go afterwards. */
import type { Digest } from './digest.ts'
import { sha256 } from './digest.ts'
import { InvalidIndexNodeError, InvalidPieceListError, MissingNodeError } from './errors.ts'
import { contentsOf, isShared, rootPair, splitPair, toOpenSide } from './index-pair.ts'
import type { OpenSide, Pair, PartSide, Side } from './index-pair.ts'
import { openSide } from './index-diff.ts'
import { checkNode } from './node-source.ts'
import type { NodeSource } from './node-source.ts'
import { parsePieceList } from './piece-list.ts'
import { inParallel } from './parallel.ts'
import type { TaskResult } from './parallel.ts'
import { SYNC_PARALLEL } from './limits.ts'

/** From which index to which. */
export interface IndexStep {
  /** Root of an index that the source has wholly, or undefined when there is none yet. */
  readonly before: Digest | undefined
  /** Root of the index that is wanted. */
  readonly after: Digest
}

/** An index node or a piece list. */
export interface IndexObject {
  readonly kind: 'node' | 'pieces'
  readonly digest: Digest
}

/** An object that was fetched, and was checked against its digest, its place and its size. */
export interface FetchedObject extends IndexObject {
  readonly bytes: Uint8Array
}

/**
 * Gets an object from wherever it may be. It should check the digest itself, to know whom to blame; what it returns
 * is checked again.
 */
export type FetchObject = (
  digest: Digest,
  options: { readonly signal: AbortSignal },
) => Promise<Uint8Array>

export interface MissingObjectsOptions {
  readonly signal: AbortSignal
  /** Most fetches under way at a time. @defaultValue {@link SYNC_PARALLEL} */
  readonly parallel?: number
}

/** What is to be done next: a place of the tree to compare, or a piece list to have. */
type Task =
  | { readonly kind: 'pair'; readonly pair: Pair }
  | { readonly kind: 'pieces'; readonly digest: Digest; readonly sizeBytes: number }

/**
 * Fetch what a copy of the index lacks of another root, with up to `parallel` fetches under way.
 *
 * Subtrees that `before` shares are neither read nor fetched. All else is first looked for in the source, so that a
 * copy that was interrupted goes on where it stopped: **store each object as it comes, and take `after` as complete,
 * and as the next `before`, only when the iteration has ended.** Parents come before their children.
 *
 * Keeps at most `parallel` objects, and a frontier of some hundred lines beside what one leaf's piece lists add.
 * While the consumer holds an object, fetches go on up to that bound. Leaving the iteration early, an error and the
 * signal abort the fetches that are under way.
 *
 * @param source gives what is here already: the whole of `before`, perhaps some of `after`
 * @returns the objects that were fetched, each as soon as it is here; a piece list of two files may come twice
 * @throws {InvalidIndexNodeError} a node is not the one that must stand there
 * @throws {InvalidPieceListError} a piece list does not fit its artifact, or is not the one asked for
 * @throws whatever `fetch` throws, and the signal's reason
 */
export async function* missingObjects(
  source: NodeSource,
  step: IndexStep & { readonly fetch: FetchObject },
  options: MissingObjectsOptions,
): AsyncGenerator<FetchedObject> {
  const first: Task = { kind: 'pair', pair: rootPair(step.before, step.after) }
  const run = (task: Task, signal: AbortSignal): Promise<TaskResult<Task, FetchedObject>> => {
    const read = { source, fetch: step.fetch, signal }
    return task.kind === 'pair' ? syncPair(read, task.pair) : syncPieces(read, task)
  }
  const { signal, parallel = SYNC_PARALLEL } = options
  yield* inParallel([first], run, { signal, parallel })
}

/**
 * Find the objects that an index has and the next one does not: garbage, once nothing else keeps them.
 *
 * A piece list belongs to a blob, not to a path: one that is named here may still be needed by another path with the
 * same bytes. Drop it only when no entry of its blob is left.
 *
 * @param source has the nodes of both
 * @throws {MissingNodeError} the source lacks a node that is needed
 * @throws {InvalidIndexNodeError} a node is malformed, or not the one that must stand there
 */
export async function* removedObjects(
  source: NodeSource,
  { before, after }: IndexStep,
): AsyncGenerator<IndexObject> {
  const waiting = [rootPair(before, after)]
  for (let pair = waiting.pop(); pair !== undefined; pair = waiting.pop()) {
    if (isShared(pair)) continue
    const [was, is] = await Promise.all([
      openSide(source, pair.before),
      openSide(source, pair.after),
    ])
    const isSplit = was?.kind === 'branch' || is?.kind === 'branch'
    const parts = isSplit ? splitPair(pair.prefix, was, is) : []
    const digest = goneNode(pair.before, was, parts)
    if (digest !== undefined) yield { kind: 'node', digest }
    if (parts.length > 0) waiting.push(...parts.reverse())
    else yield* lostPieceLists(was, is)
  }
}

/** The node of the old index at a place where the new one has another, if it is nowhere else in the new one. */
function goneNode(before: Side, was: OpenSide, parts: readonly Pair[]): Digest | undefined {
  if (was?.kind === 'branch') return before?.digest
  // A leaf may stand unchanged further down: it is gone once it is split, or met by something else than itself.
  const goesOn = parts.some(({ before: part }) => part?.kind === 'part' && part.whole)
  return was?.whole === true && !goesOn ? was.digest : undefined
}

interface SyncRead {
  readonly source: NodeSource
  readonly fetch: FetchObject
  readonly signal: AbortSignal
}

type SyncResult = Promise<TaskResult<Task, FetchedObject>>

async function syncPair(read: SyncRead, { prefix, before, after }: Pair): SyncResult {
  if (after === undefined || before?.digest === after.digest) return { value: undefined, next: [] }
  // A leaf is not taken apart here: its piece lists are few, and the source knows those it has.
  if (after.kind === 'part') return { value: undefined, next: pieceTasks(undefined, after) }
  const got = await readOrFetch(read, after)
  const is = toOpenSide(checkNode(got.bytes, after), after.digest)
  const was = await openIfReadable(read.source, before)
  const next: Task[] =
    is?.kind === 'branch'
      ? splitPair(prefix, was, is).map((pair) => ({ kind: 'pair', pair }))
      : pieceTasks(was, is)
  const { digest } = after
  return { value: got.isNew ? { kind: 'node', digest, bytes: got.bytes } : undefined, next }
}

async function syncPieces(
  read: SyncRead,
  { digest, sizeBytes }: Task & { kind: 'pieces' },
): SyncResult {
  const { bytes, isNew } = await readOrFetch(read, { digest })
  if (sha256(bytes) !== digest) throw new InvalidPieceListError(`bytes that are not ${digest}`)
  parsePieceList(bytes, sizeBytes)
  return { value: isNew ? { kind: 'pieces', digest, bytes } : undefined, next: [] }
}

/** The bytes of an object from the source if it has them undamaged, else from elsewhere. */
async function readOrFetch(
  { source, fetch, signal }: SyncRead,
  { digest }: { digest: Digest },
): Promise<{ bytes: Uint8Array; isNew: boolean }> {
  const held = await source(digest)
  if (held !== undefined && sha256(held) === digest) return { bytes: held, isNew: false }
  return { bytes: await fetch(digest, { signal }), isNew: true }
}

/** What the source has of the old index. What it lost costs time, for less is shared, but is no reason to stop. */
async function openIfReadable(source: NodeSource, side: Side): Promise<OpenSide> {
  try {
    return await openSide(source, side)
  } catch (error) {
    if (error instanceof MissingNodeError || error instanceof InvalidIndexNodeError)
      return undefined
    throw error
  }
}

/** Tasks for the piece lists of a leaf that another one does not name as well. */
function pieceTasks(before: OpenSide, after: PartSide | undefined): Task[] {
  const held = before?.kind === 'part' ? pieceListsOf(before) : new Map<Digest, number>()
  return [...pieceListsOf(after)]
    .filter(([digest]) => !held.has(digest))
    .map(([digest, sizeBytes]) => ({ kind: 'pieces', digest, sizeBytes }))
}

function* lostPieceLists(before: OpenSide, after: OpenSide): Generator<IndexObject> {
  const kept = pieceListsOf(after)
  for (const digest of pieceListsOf(before).keys()) {
    if (!kept.has(digest)) yield { kind: 'pieces', digest }
  }
}

/** The piece lists that a leaf names, each once, with the size of its artifact. */
function pieceListsOf(side: OpenSide): Map<Digest, number> {
  const contents = side?.kind === 'part' ? contentsOf(side) : []
  return new Map(
    contents.flatMap(({ entries }) =>
      entries.flatMap(({ pieceList, sizeBytes }) =>
        pieceList === undefined ? [] : [[pieceList, sizeBytes] as const],
      ),
    ),
  )
}
