import type { RepositoryPath } from '@jarswarm/maven'
import type { AbortOptions, BlobStore, Clock, IndexStore, ProxyCache } from '@jarswarm/ports'
import { MAX_SCANNED_RECORDS } from './limits.ts'

/** A file that was evicted is remembered so long: what is asked for now and then keeps its first digest in the log. */
export const FORGET_AFTER_MS: number = 30 * 86_400_000
/** Removed at once from the cache. */
const BATCH = 500

/**
 * Forget files that are not held any more and were fetched long ago, so that the cache is bounded as the store is.
 *
 * @returns how many
 */
export async function pruneCache(
  components: {
    readonly cache: ProxyCache
    readonly objects: Pick<IndexStore, 'deleteObjects'>
    readonly blobs: BlobStore
    readonly clock: Clock
  },
  signal: AbortSignal,
): Promise<number> {
  const { cache, objects, blobs, clock } = components
  let forgotten = 0
  let batch: RepositoryPath[] = []
  for await (const { path, digest, fetchedAtMs, pieceList } of cache.list('', { signal })) {
    if (clock.now() - fetchedAtMs < FORGET_AFTER_MS || (await blobs.has(digest))) continue
    batch.push(path)
    if (pieceList !== undefined) await objects.deleteObjects([pieceList])
    forgotten += 1
    if (batch.length < BATCH) continue
    await cache.delete(batch)
    batch = []
  }
  await cache.delete(batch)
  return forgotten
}

/** Names directly below a directory of which a file was fetched; undefined when there is none such. */
export async function listCached(
  cache: ProxyCache,
  directory: string,
  options: AbortOptions & { readonly limit: number },
): Promise<readonly string[] | undefined> {
  const prefix = directory === '' ? '' : `${directory}/`
  const names = new Set<string>()
  let scanned = 0
  for await (const { path } of cache.list(prefix, options)) {
    names.add(path.slice(prefix.length).replace(/\/.*$/, '/'))
    scanned += 1
    if (names.size >= options.limit || scanned >= MAX_SCANNED_RECORDS) break
  }
  return names.size === 0 ? undefined : [...names].slice(0, options.limit)
}
