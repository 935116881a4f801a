import type { IndexEntry } from '@jarswarm/manifest'
import { MAX_ORDERED_ENTRIES } from '../limits.ts'

/**
 * The same entries, some thousands at a time in the order of their digests: what the store names together then lies in
 * one or two of its folders, and each is synced for all of it.
 */
export async function* inStoreOrder(
  entries: AsyncIterable<IndexEntry> | Iterable<IndexEntry>,
): AsyncGenerator<IndexEntry, void, undefined> {
  let run: IndexEntry[] = []
  for await (const entry of entries) {
    if (run.push(entry) < MAX_ORDERED_ENTRIES) continue
    yield* byDigest(run)
    run = []
  }
  yield* byDigest(run)
}

function byDigest(entries: readonly IndexEntry[]): readonly IndexEntry[] {
  return entries.toSorted((one, other) =>
    one.digest < other.digest ? -1 : Number(one.digest > other.digest),
  )
}
