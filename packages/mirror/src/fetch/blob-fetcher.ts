import { parsePieceList, sha256, splitPieces } from '@jarswarm/manifest'
import type { Digest, IndexEntry } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import { NoSpaceError, StorageFailedError, UnavailableError } from '@jarswarm/ports'
import type { AbortOptions, ArtifactContent, BlobStore, BlobWriter } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { MAX_BYTES_WITHOUT_DISK } from '../limits.ts'
import type { Part } from '../transfer/part.ts'
import { orAborted, withDeadline } from '../wait/deadline.ts'
import { BlobDownload } from './blob-download.ts'
import { MemoryWriter } from './memory-writer.ts'
import { SourcePlan } from './source-plan.ts'
import type { SourcePlanComponents } from './source-plan.ts'
import { storedContent } from './stored-content.ts'

/** When a client is told that an artifact cannot be had; a second below the 8 s that are promised. */
export const DECISION_TIMEOUT_MS = 7_000
/**
 * Longest that the first verified bytes may take after that when a source is sending: clients leave after 10 s of
 * silence, and the endpoint breaks off after 8.
 */
export const MAX_EARLY_MS = 7_500
/** Longest wait for a piece list. */
const PIECE_LIST_TIMEOUT_MS = 20_000

export interface BlobFetcherComponents extends SourcePlanComponents {
  readonly blobs: BlobStore
  /** Gets a piece list, from the index store or from elsewhere. */
  readonly readObject: (digest: Digest, options: AbortOptions) => Promise<Uint8Array>
  /** Reads a piece list that is here; asks nobody. */
  readonly readLocalObject: (digest: Digest) => Promise<Uint8Array | undefined>
  /** Whether a blob is never to be fetched. @defaultValue none is */
  readonly isDenied?: ((digest: Digest) => boolean) | undefined
  /** Called when a blob of an entry was stored, or is found to be. */
  readonly onStored: (entry: IndexEntry) => void
}

export interface BlobFetcherInit {
  readonly repository: RepositoryId
  /** Asks nobody. */
  readonly offline: boolean
  /** Look providers up in the DHT. */
  readonly lookUp: boolean
  /** Whether an artifact is never to be evicted: the mirror policy names it, or space was donated for it. */
  readonly isPinned: (path: RepositoryPath) => boolean
  /** Number of the head in use. */
  readonly headSeq: () => number
}

export interface FetchOptions extends AbortOptions {
  /** @defaultValue 'client' */
  readonly purpose?: FetchPurpose
  /** What peers say that they hold of an older head is no claim. @defaultValue any head counts */
  readonly leastSeq?: number
}

/**
 * `client`: somebody waits. `fill`: a mirror fetches what its policy names; `claimed`: the same from those alone who say
 * that they have it. `prefetch`: somebody may ask soon. All but the first spare the DHT, and fetch no large blob that the
 * disk has no room for.
 */
export type FetchPurpose = 'client' | 'fill' | 'claimed' | 'prefetch'

interface Running {
  readonly starting: Promise<BlobDownload>
  /** The files that were asked for, all of the same bytes, less those that were withdrawn. */
  readonly wanted: Map<RepositoryPath, IndexEntry>
}

/** Fetches blobs from the best sources; equal requests at the same time are one download. */
export class BlobFetcher {
  readonly #components: BlobFetcherComponents
  readonly #init: BlobFetcherInit
  readonly #downloads = new Map<Digest, Running>()
  /** Those of them that no client began. */
  readonly #ahead = new WeakSet<Promise<BlobDownload>>()
  readonly #stop = new AbortController()
  #bytesWithoutDisk = 0
  /** Until something is stored again. */
  #saidUnstored = false

  constructor(components: BlobFetcherComponents, init: BlobFetcherInit) {
    this.#components = components
    this.#init = init
  }

  /** Blobs on their way. */
  get active(): number {
    return this.#downloads.size
  }

  /** Whether a blob is on its way. */
  isFetching(digest: Digest): boolean {
    return this.#downloads.has(digest)
  }

  /**
   * Content of an artifact from the store, or from a download as soon as it has verified bytes. When time is up and a
   * slow source is about to give them, the content comes early.
   *
   * @throws {UnavailableError} decided within {@link DECISION_TIMEOUT_MS}; the download goes on behind it
   */
  async open(entry: IndexEntry, options: FetchOptions): Promise<ArtifactContent> {
    const { blobs, clock } = this.#components
    const stored = await storedContent(this.#components, entry)
    if (stored !== undefined) {
      // It may have come for another repository, which has a file of the same bytes.
      this.#components.onStored(entry)
      return stored
    }
    if (this.#init.offline) throw unavailable(entry, 'the node is offline and does not hold it')
    const starting = this.#download(entry, options)
    let download: BlobDownload | undefined
    const untilReady = async (promise: Promise<BlobDownload>): Promise<BlobDownload> => {
      download = await promise
      await download.ready
      return download
    }
    try {
      const init = { timeoutMs: DECISION_TIMEOUT_MS, reason: 'timeout', parents: [options.signal] }
      const ready = await withDeadline(clock, init, () =>
        untilReady(starting).catch((error: unknown) => {
          // What fetches ahead asks fewer sources: that it failed says nothing to somebody who waits.
          if (!this.#ahead.has(starting) || this.#stop.signal.aborted) throw error
          return untilReady(this.#restart(entry, starting))
        }),
      )
      // Only now: content for somebody who left would be held for ever.
      return contentOf(ready, blobs)
    } catch (error) {
      options.signal?.throwIfAborted()
      if (error instanceof UnavailableError) throw unavailable(entry, error.message, error)
      const early = earlyContentOf(download, blobs)
      if (early !== undefined) return early
      throw unavailable(entry, download?.reasons() || 'no source answered in time', error)
    }
  }

  /**
   * Fetch a blob until the store has acknowledged it.
   *
   * @throws {UnavailableError} or {NoSpaceError}
   */
  async store(entry: IndexEntry, options: FetchOptions): Promise<void> {
    if (await this.isStored(entry)) return
    if (this.#init.offline) throw unavailable(entry, 'the node is offline')
    const download = await orAborted(this.#download(entry, options), options.signal)
    await orAborted(download.stored, options.signal)
  }

  /**
   * Whether anybody known may give it: an upstream that works, a connected peer that claims it, or all of this head, a donor.
   * Asks nobody.
   */
  hasSource({ path, digest }: IndexEntry, leastSeq: number): boolean {
    const { upstreams, swarm, donorsOf } = this.#components
    if (upstreams.all().some(({ upstream }) => upstream.health().healthy)) return true
    if (swarm.claimants(this.#init.repository, digest, leastSeq).length > 0) return true
    return (donorsOf?.(path) ?? []).length > 0
  }

  /** Whether a connected peer that did not mostly let us down claims a blob, or all of this head. Asks nobody. */
  hasClaimant({ digest }: Pick<IndexEntry, 'digest'>, leastSeq: number): boolean {
    const { swarm, standings } = this.#components
    const claimants = swarm.claimants(this.#init.repository, digest, leastSeq)
    return claimants.some((peer) => !standings.isDoubtful(peer))
  }

  /** Whether it is here; then it is pinned when it is never to be evicted, whoever stored it. */
  async isStored(entry: IndexEntry): Promise<boolean> {
    const { blobs, onStored } = this.#components
    const isPinned = this.#init.isPinned(entry.path)
    const isStored = isPinned
      ? await blobs.setPinned(entry.digest, true)
      : await blobs.has(entry.digest)
    if (isStored) onStored(entry)
    return isStored
  }

  /** A file was withdrawn: end the download of its blob, unless another file is fetched by it, too. */
  withdrawn({ path, digest }: Pick<IndexEntry, 'path' | 'digest'>): void {
    const running = this.#downloads.get(digest)
    if (running?.wanted.delete(path) !== true || running.wanted.size > 0) return
    const end = (download: BlobDownload): void => {
      download.abort(new UnavailableError(`${path} was withdrawn`))
    }
    running.starting.then(end, () => undefined)
  }

  /** End all downloads; resolves when they let go of the store. */
  async stop(): Promise<void> {
    this.#stop.abort(new UnavailableError('the node stops'))
    const running = [...this.#downloads.values()]
    await Promise.allSettled(
      running.map(async ({ starting }) => {
        const download = await starting
        download.abort(this.#stop.signal.reason as Error)
        await download.stored
      }),
    )
  }

  #download(entry: IndexEntry, options: FetchOptions): Promise<BlobDownload> {
    if (this.#components.isDenied?.(entry.digest) === true) {
      return Promise.reject(unavailable(entry, 'the user of this node denied it'))
    }
    const running = this.#downloads.get(entry.digest)
    // One that nobody wants any more is about to end.
    if (running === undefined || running.wanted.size === 0) return this.#begin(entry, options)
    return join(running, entry, options.purpose)
  }

  /** A download for a client in place of one that failed, unless another client was first. */
  #restart(entry: IndexEntry, failed: Promise<BlobDownload>): Promise<BlobDownload> {
    const running = this.#downloads.get(entry.digest)
    if (running === undefined || running.starting === failed) return this.#begin(entry, {})
    return join(running, entry)
  }

  #begin(entry: IndexEntry, options: FetchOptions): Promise<BlobDownload> {
    const { purpose = 'client' } = options
    const starting = this.#start(entry, purpose, options.leastSeq)
    if (purpose !== 'client') this.#ahead.add(starting)
    const running = { starting, wanted: new Map([[entry.path, entry]]) }
    this.#downloads.set(entry.digest, running)
    void this.#finish(entry, running)
    return starting
  }

  async #start(
    entry: IndexEntry,
    purpose: FetchPurpose,
    leastSeq: number | undefined,
  ): Promise<BlobDownload> {
    const parts = await this.#partsOf(entry)
    const { writer, inMemory } = await this.#createWriter(entry, purpose)
    const plan = new SourcePlan(this.#components, {
      repository: this.#init.repository,
      entry,
      lookUp: this.#init.lookUp && purpose === 'client',
      sparesUpstreams: purpose === 'fill' || purpose === 'claimed',
      claimedOnly: purpose === 'claimed',
      leastSeq,
      headSeq: this.#init.headSeq(),
    })
    const { clock, blobs } = this.#components
    const download = new BlobDownload({ clock, blobs, writer, inMemory, plan }, { entry, parts })
    if (this.#stop.signal.aborted) download.abort(this.#stop.signal.reason as Error)
    return download
  }

  async #finish(entry: IndexEntry, running: Running): Promise<void> {
    const { logger, onStored } = this.#components
    try {
      await (
        await running.starting
      ).stored
      this.#saidUnstored = false
      for (const one of running.wanted.values()) onStored(one)
    } catch (error) {
      if (error instanceof NoSpaceError || error instanceof StorageFailedError)
        this.#sayUnstored(entry, error)
      else logger.debug({ path: entry.path, error: String(error) }, 'download failed')
    } finally {
      if (this.#downloads.get(entry.digest) === running) this.#downloads.delete(entry.digest)
    }
  }

  #sayUnstored({ path }: IndexEntry, error: NoSpaceError | StorageFailedError): void {
    if (this.#saidUnstored) return
    this.#saidUnstored = true
    const why = error instanceof NoSpaceError ? 'no room' : 'the disk fails'
    this.#components.logger.warn({ path, error: error.message }, `${why}: serving without storing`)
  }

  async #partsOf(entry: IndexEntry): Promise<readonly Part[]> {
    const { digest, sizeBytes, pieceList } = entry
    if (sizeBytes === 0) return []
    if (pieceList === undefined) return [{ digest, offset: 0, length: sizeBytes }]
    const { clock, readObject } = this.#components
    const parents = [this.#stop.signal]
    const init = { timeoutMs: PIECE_LIST_TIMEOUT_MS, reason: 'no piece list in time', parents }
    const bytes = await withDeadline(clock, init, (signal) => readObject(pieceList, { signal }))
    if (sha256(bytes) !== pieceList) throw unavailable(entry, 'its piece list is damaged')
    const digests = parsePieceList(bytes, sizeBytes)
    return splitPieces(sizeBytes).map((piece, index) => ({
      ...piece,
      digest: digests[index] ?? '',
    }))
  }

  async #createWriter(
    entry: IndexEntry,
    purpose: FetchPurpose,
  ): Promise<{ writer: BlobWriter; inMemory: boolean }> {
    const { blobs } = this.#components
    const { digest, sizeBytes } = entry
    const put = { pinned: this.#init.isPinned(entry.path) }
    const inHeap = (): { writer: BlobWriter; inMemory: boolean } => ({
      writer: new MemoryWriter(blobs, { digest, sizeBytes }, put),
      inMemory: true,
    })
    if (entry.pieceList === undefined) return inHeap()
    try {
      return { writer: await blobs.createWriter({ digest, sizeBytes }, put), inMemory: false }
    } catch (error) {
      if (!(error instanceof NoSpaceError) || purpose !== 'client') throw error
      if (this.#bytesWithoutDisk + sizeBytes > MAX_BYTES_WITHOUT_DISK) throw error
      this.#bytesWithoutDisk += sizeBytes
      void this.#releaseHeap(entry)
      return inHeap()
    }
  }

  async #releaseHeap(entry: IndexEntry): Promise<void> {
    try {
      await (
        await this.#downloads.get(entry.digest)?.starting
      )?.stored
    } catch (error) {
      this.#components.logger.debug({ path: entry.path, error: String(error) }, 'kept in memory')
    } finally {
      this.#bytesWithoutDisk -= entry.sizeBytes
    }
  }
}

function contentOf(download: BlobDownload, blobs: BlobStore): ArtifactContent {
  const hold = blobs.hold(download.entry.digest)
  let held = true
  return {
    source: download.source,
    sizeBytes: download.entry.sizeBytes,
    isArriving: () => download.headway() !== undefined,
    read: (range, { signal }) => download.read(range, signal),
    release: () => {
      if (held) hold.release()
      held = false
    },
  }
}

/** Want a file of the same bytes, too; from anybody, unless only those that claim it are to be asked. */
function join(
  running: Running,
  entry: IndexEntry,
  purpose: FetchPurpose = 'client',
): Promise<BlobDownload> {
  running.wanted.set(entry.path, entry)
  if (purpose !== 'claimed')
    running.starting.then(
      (download) => {
        download.widen()
      },
      () => undefined,
    )
  return running.starting
}

/** Content of a download that has nothing verified yet, if it soon will. */
function earlyContentOf(
  download: BlobDownload | undefined,
  blobs: BlobStore,
): ArtifactContent | undefined {
  const headway = download?.headway()
  if (download === undefined || headway === undefined) return undefined
  if (headway.remainingMs > MAX_EARLY_MS) return undefined
  return { ...contentOf(download, blobs), source: headway.source.kind, early: true }
}

function unavailable(entry: IndexEntry, reason: string, cause?: unknown): UnavailableError {
  const name = entry.path.slice(entry.path.lastIndexOf('/') + 1)
  return new UnavailableError(`Cannot get ${name}: ${oneLine(reason)}`, { cause })
}

/** Reasons end up in an HTTP reason phrase. */
function oneLine(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 300)
}
