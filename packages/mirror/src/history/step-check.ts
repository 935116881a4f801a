import {
  checkHistoryStep,
  diffIndex,
  EMPTY_INDEX,
  findEntry,
  MAX_WITHDRAWALS,
  parseHistoryLine,
  TILE_WIDTH,
} from '@jarswarm/manifest'
import type {
  Head,
  HistoryEvent,
  HistoryMismatch,
  HistoryStep,
  IndexDifference,
  NodeSource,
  ReleaseMemory,
  VerifiedHistory,
} from '@jarswarm/manifest'
import { isMutablePath } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import type { GoneRelease, HistoryStore } from '@jarswarm/ports'
import { HistoryRefusedError } from './errors.ts'

/**
 * Releases that are gone at any line of a step, or of the whole history. They are kept in memory until it is accepted, and no
 * list of withdrawals names more: while a step is in the midst, those of two lists may be gone.
 */
const MAX_GONE: number = 2 * MAX_WITHDRAWALS

/** An event with its place in the history. */
export interface PlacedEvent extends HistoryEvent {
  readonly line: number
}

/** All events of a range of lines, in order. Throws as the fetcher of the history. */
export async function* eventsOf(
  log: VerifiedHistory,
  range: { readonly from: number; readonly to: number },
): AsyncGenerator<PlacedEvent> {
  for (
    let bundle = Math.floor(range.from / TILE_WIDTH);
    bundle * TILE_WIDTH < range.to;
    bundle += 1
  ) {
    const lines = await log.lines(bundle)
    for (const [place, bytes] of lines.entries()) {
      const line = bundle * TILE_WIDTH + place
      if (line >= range.from && line < range.to) yield { ...parseHistoryLine(bytes), line }
    }
  }
}

export interface StepCheckInit {
  /** The head before; undefined to check the whole history from its first line. */
  readonly from: Head | undefined
  readonly to: Head
  readonly log: VerifiedHistory
  /** Has the nodes of both indexes. */
  readonly nodes: NodeSource
  readonly store: Pick<HistoryStore, 'gone'>
  /** Called with each new event, in order. */
  readonly onEvent?: (event: HistoryEvent) => void
  /** @defaultValue {@link MAX_GONE} */
  readonly maxGone?: number
}

/**
 * Compare what changed in the index with the new lines of the history.
 *
 * @returns the first thing that does not agree, if any, and the releases that left and did not come back
 * @throws {HistoryRefusedError} when more left than a node could remember
 */
export async function checkStep(init: StepCheckInit): Promise<{
  readonly mismatch: HistoryMismatch | undefined
  readonly gone: readonly GoneRelease[]
}> {
  const { from, to, log, maxGone = MAX_GONE } = init
  const range = { from: from?.history.size ?? 0, to: to.history.size }
  const gone = new Map<RepositoryPath, GoneRelease>()
  let isFirst = true
  const events = async function* (): AsyncGenerator<PlacedEvent> {
    const collect = isFirst
    isFirst = false
    for await (const event of eventsOf(log, range)) {
      if (collect) init.onEvent?.(event)
      if (collect) follow(gone, event)
      // Nobody would notice other bytes under a path that was forgotten.
      if (gone.size > maxGone) throw new HistoryRefusedError(to.seq, 'too many releases that left')
      yield event
    }
  }
  const step: HistoryStep = {
    events,
    changes: () => changesOf(init, range.to - range.from),
    before: (path) => knownBefore(init, path),
    fromSeq: from?.seq ?? 0,
    toSeq: to.seq,
    lines: range.to - range.from,
  }
  for await (const mismatch of checkHistoryStep(step)) return { mismatch, gone: [] }
  return { mismatch: undefined, gone: [...gone.values()] }
}

/** A release that came back is in the index, which says what its bytes are. */
function follow(gone: Map<RepositoryPath, GoneRelease>, event: PlacedEvent): void {
  const { kind, path, digest, sizeBytes, line } = event
  if (isMutablePath(path)) return
  if (kind === 'del') gone.set(path, { path, digest, sizeBytes, line })
  else gone.delete(path)
}

/** The differences that the history must explain. With more of them than it has lines, one more than that is enough. */
async function* changesOf(
  { from, to, nodes }: StepCheckInit,
  lines: number,
): AsyncGenerator<IndexDifference> {
  let left = lines + 1
  for await (const change of diffIndex(
    nodes,
    from?.index.root ?? EMPTY_INDEX.totals.root,
    to.index.root,
  )) {
    const { before, after } = change
    // A time, which the history does not tell of.
    if (before?.digest === after?.digest && before?.sizeBytes === after?.sizeBytes) continue
    yield change
    left -= 1
    if (left === 0) return
  }
}

async function knownBefore(
  { from, nodes, store }: StepCheckInit,
  path: RepositoryPath,
): Promise<ReleaseMemory | undefined> {
  if (from === undefined) return undefined
  const entry = await findEntry(nodes, from.index.root, path)
  if (entry !== undefined)
    return { digest: entry.digest, sizeBytes: entry.sizeBytes, present: true }
  const left = isMutablePath(path) ? undefined : await store.gone(path)
  return left && { digest: left.digest, sizeBytes: left.sizeBytes, present: false }
}
