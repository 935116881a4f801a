import { isMutablePath } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import type { Digest } from './digest.ts'
import type { HistoryEvent } from './history-event.ts'
import type { IndexEntry } from './index-entry.ts'

/** Why index and history do not agree about a path. */
export interface HistoryMismatch {
  readonly path: RepositoryPath
  readonly reason:
    | 'sequence number falls'
    | 'release has a second digest'
    | 'release was put twice'
    | 'kind does not fit the path'
    | 'removed without being there'
    | 'only in the index'
    | 'only in the history'
    | 'other bytes in the index'
}

/** What the history says of a path. */
interface Folded {
  readonly digest: Digest
  readonly sizeBytes: number
  readonly present: boolean
}

/**
 * Check that the index is the fold of the history, and that the history keeps its rules: a release has one digest for
 * ever, is put once until it is removed, and nothing is removed that is not there.
 *
 * Keeps what the history says of each path: about 250 bytes a path.
 *
 * @param events all of them, in order
 * @param entries the index of the same head, in any order
 * @returns what does not agree; nothing when all is well
 */
export async function* checkHistory(
  events: AsyncIterable<HistoryEvent> | Iterable<HistoryEvent>,
  entries: AsyncIterable<IndexEntry> | Iterable<IndexEntry>,
): AsyncGenerator<HistoryMismatch> {
  const files = new Map<RepositoryPath, Folded>()
  let seq = 0
  for await (const event of events) {
    const { path, kind, digest, sizeBytes } = event
    const reason = event.seq < seq ? 'sequence number falls' : flawOf(event, files.get(path))
    if (reason !== undefined) yield { path, reason }
    seq = Math.max(seq, event.seq)
    files.set(path, { digest, sizeBytes, present: kind !== 'del' })
  }
  for await (const { path, digest, sizeBytes } of entries) {
    const file = files.get(path)
    if (file?.present !== true) yield { path, reason: 'only in the index' }
    else if (file.digest !== digest || file.sizeBytes !== sizeBytes) {
      yield { path, reason: 'other bytes in the index' }
    }
    files.delete(path)
  }
  for (const [path, { present }] of files) {
    if (present) yield { path, reason: 'only in the history' }
  }
}

function flawOf(
  { path, kind, digest }: HistoryEvent,
  before: Folded | undefined,
): HistoryMismatch['reason'] | undefined {
  if (kind === 'del') return before?.present === true ? undefined : 'removed without being there'
  if ((kind === 'mut') !== isMutablePath(path)) return 'kind does not fit the path'
  if (kind === 'mut' || before === undefined) return undefined
  if (before.digest !== digest) return 'release has a second digest'
  return before.present ? 'release was put twice' : undefined
}
