import {
  checkHistoryStep,
  diffIndex,
  EMPTY_INDEX,
  findEntry,
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

/** Releases that left with one step, kept in memory until it is accepted. More are a step that no publisher makes. */
export const MAX_GONE_PER_STEP = 200_000

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
}

/**
 * Compare what changed in the index with the new lines of the history.
 *
 * @returns the first thing that does not agree, if any, and the releases that left
 */
export async function checkStep(init: StepCheckInit): Promise<{
  readonly mismatch: HistoryMismatch | undefined
  readonly gone: readonly GoneRelease[]
}> {
  const { from, to, log } = init
  const range = { from: from?.history.size ?? 0, to: to.history.size }
  const gone: GoneRelease[] = []
  let isFirst = true
  const events = async function* (): AsyncGenerator<PlacedEvent> {
    const collect = isFirst
    isFirst = false
    for await (const event of eventsOf(log, range)) {
      if (collect) init.onEvent?.(event)
      if (collect && isGone(event) && gone.length < MAX_GONE_PER_STEP) gone.push(toGone(event))
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
  for await (const mismatch of checkHistoryStep(step)) return { mismatch, gone }
  return { mismatch: undefined, gone }
}

function toGone({ path, digest, sizeBytes, line }: PlacedEvent): GoneRelease {
  return { path, digest, sizeBytes, line }
}

function isGone({ kind, path }: HistoryEvent): boolean {
  return kind === 'del' && !isMutablePath(path)
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
