import type { HistoryEvent, IndexEntry } from '@jarswarm/manifest'
import { isMutablePath } from '@jarswarm/maven'

type Entries = ReadonlyMap<string, IndexEntry>

/**
 * The events that lead from one set of entries to another, in the order of the sets, removals first.
 *
 * Follows no rule: a release that changes becomes a second `put`, which honest publishers never write.
 */
export function describeChanges(seq: number, before: Entries, after: Entries): HistoryEvent[] {
  const removed = [...before.values()].filter(({ path }) => !after.has(path))
  const changed = [...after.values()].filter(
    ({ path, digest }) => before.get(path)?.digest !== digest,
  )
  return [
    ...removed.map((entry) => toEvent(seq, 'del', entry)),
    ...changed.map((entry) => toEvent(seq, isMutablePath(entry.path) ? 'mut' : 'put', entry)),
  ]
}

function toEvent(seq: number, kind: HistoryEvent['kind'], entry: IndexEntry): HistoryEvent {
  const { digest, sizeBytes, path } = entry
  return { seq, kind, digest, sizeBytes, path }
}
