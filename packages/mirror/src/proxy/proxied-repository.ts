import { sha256 } from '@jarswarm/manifest'
import type { Digest, Head, IndexEntry } from '@jarswarm/manifest'
import { isMutablePath } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { UnavailableError } from '@jarswarm/ports'
import type {
  AbortOptions,
  ArtifactContent,
  ArtifactSource,
  BlobStore,
  Clock,
  IndexStore,
  Logger,
  ProxyCache,
  ProxyOrigin,
  ProxyRecord,
  RepositoryStatus,
  Resolution,
} from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { LRUCache } from 'lru-cache'
import type { LanPeers } from '../lan/lan-peers.ts'
import { storedContent } from '../fetch/stored-content.ts'
import { MAX_REMEMBERED_FILES } from './limits.ts'
import type { PrefetchSource } from '../prefetch/prefetch-source.ts'
import { ProxiedPrefetchSource } from '../prefetch/proxied-prefetch-source.ts'
import type { LocalFinding, ProxiedFiles } from '../prefetch/proxied-prefetch-source.ts'
import { orAborted, withDeadline } from '../wait/deadline.ts'
import { listCached, pruneCache } from './cache-upkeep.ts'
import { HeapBudget } from './heap-budget.ts'
import type { DownloadOutcome } from './origin-download.ts'
import { OriginRequests } from './origin-requests.ts'
import { UnstoredFiles } from './unstored-files.ts'

/** A mutable file that the origin confirmed so lately is served without asking again. */
export const MUTABLE_FRESH_MS = 10_000
/** When a client is told that a file cannot be had; a second below the 8 s that are promised. */
export const DECISION_TIMEOUT_MS = 7_000
/** What the origin gets to say whether a file changed that is held here; after that the held one is served. */
export const STALE_WAIT_MS = 2_000

export interface ProxiedRepositoryComponents {
  readonly blobs: BlobStore
  readonly cache: ProxyCache
  /** Piece lists of large files. */
  readonly objects: Pick<IndexStore, 'getObject' | 'putObjects' | 'deleteObjects'>
  /** Undefined when the node may use no network. */
  readonly origin: ProxyOrigin | undefined
  /** Who may have a large file nearer. @defaultValue nobody is asked */
  readonly lan?: LanPeers | undefined
  readonly clock: Clock
  readonly logger: Logger
}

export interface ProxiedRepositoryInit {
  readonly name: string
  /** Base URL of the origin without trailing slash. */
  readonly url: string
  /**
   * How long what the origin said of a file, release or not, is believed without asking again.
   *
   * @defaultValue {@link MUTABLE_FRESH_MS} of a mutable file that is here, for good of a release; of misses as in OriginRequests
   */
  readonly believeMs?: number
}

/** The id of a proxied repository: nobody signs it, so its origin is its name. */
export function proxiedRepositoryId(url: string): RepositoryId {
  return sha256(new TextEncoder().encode(`jarswarm proxied repository 1 ${url}`))
}

/**
 * A repository without signed index: what its origin gives, checked against the origin's own checksums, and kept.
 *
 * Nothing of it is verified in the sense of the signed index, and only peers on the LAN are given any of it.
 */
export class ProxiedRepository implements ArtifactSource, ProxiedFiles {
  readonly proxied = true
  readonly id: RepositoryId
  readonly name: string
  readonly origin: string
  readonly head: Head | undefined = undefined
  readonly #components: ProxiedRepositoryComponents
  readonly #believeMs: number | undefined
  readonly #requests: OriginRequests
  readonly #unstored = new UnstoredFiles()
  readonly #confirmedMs = new LRUCache<RepositoryPath, number>({ max: MAX_REMEMBERED_FILES })
  /** Files that nobody was given yet: their first answer says where they come from. */
  readonly #unserved = new LRUCache<Digest, 'origin' | 'peer'>({ max: MAX_REMEMBERED_FILES })
  readonly #stop = new AbortController()
  #borrowedBytes = 0
  #upkeep: Promise<void> = Promise.resolve()

  constructor(components: ProxiedRepositoryComponents, init: ProxiedRepositoryInit) {
    const { blobs, cache, objects, origin, lan, clock, logger } = components
    this.id = proxiedRepositoryId(init.url)
    this.name = init.name
    this.origin = init.url
    this.#components = components
    this.#believeMs = init.believeMs
    const keep = (digest: Digest, bytes: Uint8Array): void => {
      this.#unstored.add(digest, bytes)
    }
    this.#requests = new OriginRequests(
      { blobs, cache, objects, origin, lan, clock, logger, keep, budget: new HeapBudget() },
      {
        repository: this.id,
        name: init.name,
        missMs: init.believeMs,
        onOutcome: (path, outcome) => {
          this.#note(path, outcome)
        },
      },
    )
  }

  freshness(): { readonly state: 'unknown'; readonly staleSeconds: number } {
    return { state: 'unknown', staleSeconds: 0 }
  }

  /** Forget, in the background, what has not been here for long. */
  start(): void {
    this.#upkeep = this.#prune()
  }

  /** End all downloads. Idempotent. */
  async stop(): Promise<void> {
    this.#stop.abort(new UnavailableError('the node stops'))
    await Promise.all([this.#requests.stop(), this.#upkeep])
  }

  get prefetchSource(): PrefetchSource {
    return new ProxiedPrefetchSource(this)
  }

  async resolve(path: RepositoryPath, options: AbortOptions): Promise<Resolution> {
    const held = await this.#held(path)
    const isLasting = this.#believeMs === undefined && !isMutablePath(path)
    if (held !== undefined && (isLasting || this.#isConfirmed(held))) return toArtifact(held)
    if (held === undefined && this.#requests.isMissing(path)) return { kind: 'absent' }
    return await this.#ask(path, held, options)
  }

  async open(entry: IndexEntry, options: AbortOptions): Promise<ArtifactContent> {
    const here = await this.#openHere(entry)
    if (here !== undefined) return here
    // It was evicted since it was resolved.
    const found = await this.#ask(entry.path, undefined, options)
    if (found.kind === 'arriving' && found.sha1 === entry.sha1) return found.open()
    const again = found.kind === 'artifact' ? await this.#openHere(entry) : undefined
    if (again !== undefined) return again
    const reason = found.kind === 'unknown' ? found.reason : 'it changed meanwhile'
    throw new UnavailableError(`Cannot get ${entry.path}: ${reason}`)
  }

  /**
   * Fetch a file before anybody asks for it, until it is stored.
   *
   * @returns undefined when the origin does not have it
   * @throws {UnavailableError} when it cannot be had now
   */
  async fetch(path: RepositoryPath, options: AbortOptions): Promise<IndexEntry | undefined> {
    const found = await this.resolve(path, options)
    if (found.kind === 'unknown') throw new UnavailableError(found.reason)
    const entry = await entryOf(found, options)
    // Who asks for it then gets it from the store.
    if (entry !== undefined) this.#unserved.delete(entry.digest)
    return entry
  }

  /** What can be said of a file without asking the origin. */
  async look(path: RepositoryPath): Promise<LocalFinding> {
    const held = await this.#held(path)
    if (held !== undefined) return { kind: 'held', entry: toEntry(held) }
    if (this.#requests.isComing(path)) return { kind: 'coming' }
    if (this.#requests.isMissing(path)) return { kind: 'missing' }
    const record = await this.#components.cache.get(path)
    return record === undefined ? { kind: 'unknown' } : { kind: 'evicted', entry: toEntry(record) }
  }

  /** Whether the origin may be asked at all: it asks not to be, or the node is offline. */
  mayAsk(): boolean {
    return this.#requests.mayAsk()
  }

  /** The bytes of a file that is here. */
  async read({ digest }: IndexEntry): Promise<Uint8Array | undefined> {
    return this.#unstored.read(digest) ?? (await this.#components.blobs.read(digest))
  }

  /** Only what is known here: the origin is never crawled. */
  async list(
    directory: string,
    options: AbortOptions & { readonly limit: number },
  ): Promise<readonly string[] | undefined> {
    return await listCached(this.#components.cache, directory, options)
  }

  status(): RepositoryStatus {
    return {
      name: this.name,
      id: this.id,
      origin: this.origin,
      observed: null,
      freshness: 'unknown',
      head: null,
      index: { complete: false, files: 0 },
    }
  }

  /** Payload bytes that the origin sent since start. */
  receivedBytes(): number {
    return this.#components.origin?.receivedBytes() ?? 0
  }

  /** Bytes of files that came from the LAN since start. */
  borrowedBytes(): number {
    return this.#borrowedBytes
  }

  async #held(path: RepositoryPath): Promise<ProxyRecord | undefined> {
    const record = await this.#components.cache.get(path)
    if (record === undefined) return undefined
    if (this.#unstored.has(record.digest)) return record
    return (await this.#components.blobs.has(record.digest)) ? record : undefined
  }

  async #ask(
    path: RepositoryPath,
    held: ProxyRecord | undefined,
    { signal }: AbortOptions,
  ): Promise<Resolution> {
    const request = this.#requests.ask(path, held)
    if (request.kind === 'refused') return this.#without(held, request.reason)
    const timeoutMs = held === undefined ? DECISION_TIMEOUT_MS : STALE_WAIT_MS
    const init = { timeoutMs, reason: 'its origin does not answer in time', parents: [signal] }
    try {
      const outcome = await withDeadline(this.#components.clock, init, () => request.outcome)
      return this.#resolved(path, outcome, held)
    } catch (error) {
      signal?.throwIfAborted()
      return this.#without(held, this.#requests.explain(path, error))
    }
  }

  #resolved(
    path: RepositoryPath,
    outcome: DownloadOutcome,
    held: ProxyRecord | undefined,
  ): Resolution {
    switch (outcome.kind) {
      case 'absent':
        return { kind: 'absent' }
      case 'whole':
        return toArtifact(outcome.record)
      case 'unmodified':
        return held === undefined
          ? {
              kind: 'unknown',
              reason: `The origin of ${this.name} confirms a file that is not here`,
            }
          : toArtifact(held)
      case 'arriving':
        return {
          kind: 'arriving',
          path,
          ...outcome.file,
          mutable: isMutablePath(path),
          open: () => outcome.arrival.open(),
          complete: async ({ signal }) => {
            const found = await this.#complete(path, signal)
            return toEntry(found)
          },
        }
    }
  }

  async #complete(path: RepositoryPath, signal: AbortSignal | undefined): Promise<ProxyRecord> {
    try {
      const record = await orAborted(this.#requests.ended(path), signal)
      if (record !== undefined) return record
    } catch (error) {
      signal?.throwIfAborted()
      throw new UnavailableError(this.#requests.explain(path, error), { cause: error })
    }
    const record = await this.#held(path)
    if (record !== undefined) return record
    throw new UnavailableError(`Cannot get ${path} from ${this.name}: it did not arrive`)
  }

  /** What can be said while the origin says nothing: a held file is served, marked with its age. */
  #without(held: ProxyRecord | undefined, reason: string): Resolution {
    if (held === undefined) return { kind: 'unknown', reason }
    const ageMs = this.#components.clock.now() - this.#lastConfirmedMs(held)
    return { ...toArtifact(held), staleSeconds: Math.max(0, Math.floor(ageMs / 1_000)) }
  }

  #note(path: RepositoryPath, outcome: DownloadOutcome): void {
    if (outcome.kind === 'unmodified') this.#confirmedMs.set(path, this.#components.clock.now())
    if (outcome.kind !== 'whole') return
    this.#confirmedMs.delete(path)
    this.#unserved.set(outcome.record.digest, outcome.source)
    if (outcome.source === 'peer') this.#borrowedBytes += outcome.record.sizeBytes
  }

  #isConfirmed(record: ProxyRecord): boolean {
    const ageMs = this.#components.clock.now() - this.#lastConfirmedMs(record)
    return ageMs >= 0 && ageMs < (this.#believeMs ?? MUTABLE_FRESH_MS)
  }

  #lastConfirmedMs(record: ProxyRecord): number {
    return Math.max(record.fetchedAtMs, this.#confirmedMs.get(record.path) ?? 0)
  }

  async #openHere(entry: IndexEntry): Promise<ArtifactContent | undefined> {
    const content = this.#unstored.open(entry.digest) ?? (await this.#openStored(entry))
    const source = this.#unserved.get(entry.digest)
    if (content === undefined || source === undefined) return content
    this.#unserved.delete(entry.digest)
    return { ...content, source }
  }

  async #openStored(entry: IndexEntry): Promise<ArtifactContent | undefined> {
    const { blobs, objects, logger } = this.#components
    const readLocalObject = (digest: Digest): Promise<Uint8Array | undefined> =>
      objects.getObject(digest)
    return await storedContent({ blobs, logger, readLocalObject }, entry)
  }

  async #prune(): Promise<void> {
    const { name } = this
    const { logger } = this.#components
    try {
      const forgotten = await pruneCache(this.#components, this.#stop.signal)
      if (forgotten > 0) logger.debug({ repository: name, forgotten }, 'forgot files long gone')
    } catch (error) {
      if (this.#stop.signal.aborted) return
      logger.warn({ repository: name, error: String(error) }, 'Cannot tidy the cache of a proxy')
    }
  }
}

async function entryOf(
  found: Exclude<Resolution, { readonly kind: 'unknown' }>,
  options: AbortOptions,
): Promise<IndexEntry | undefined> {
  if (found.kind === 'artifact') return found.entry
  return found.kind === 'arriving' ? await found.complete(options) : undefined
}

function toArtifact(record: ProxyRecord): Resolution & { readonly kind: 'artifact' } {
  return { kind: 'artifact', entry: toEntry(record), mutable: isMutablePath(record.path) }
}

function toEntry(record: ProxyRecord): IndexEntry {
  const { path, digest, sha1, sizeBytes, mtimeSeconds, pieceList } = record
  return { path, digest, sha1, sizeBytes, mtimeSeconds, pieceList }
}
