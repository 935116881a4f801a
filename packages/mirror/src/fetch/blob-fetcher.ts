import type { Digest, IndexEntry } from '@jarswarm/manifest'
import { UnavailableError } from '@jarswarm/ports'
import type { ArtifactContent, BlobStore } from '@jarswarm/ports'
import { orAborted, withDeadline } from '../wait/deadline.ts'
import type { BlobDownload } from './blob-download.ts'
import { DownloadStarter } from './download-starter.ts'
import type { DownloadStarterComponents, DownloadStarterInit } from './download-starter.ts'
import { unavailable } from './fetch-options.ts'
import type { FetchOptions } from './fetch-options.ts'
import { RunningDownloads } from './running-downloads.ts'
import type { RunningDownloadsComponents } from './running-downloads.ts'
import { storedContent } from './stored-content.ts'

/** When a client is told that an artifact cannot be had; a second below the 8 s that are promised. */
export const DECISION_TIMEOUT_MS = 7_000
/**
 * Longest that the first verified bytes may take after that when a source is sending: clients leave after 10 s of
 * silence, and the endpoint breaks off after 8.
 */
export const MAX_EARLY_MS = 7_500

export interface BlobFetcherComponents
  extends DownloadStarterComponents, Omit<RunningDownloadsComponents, 'starter'> {
  /** Reads a piece list that is here; asks nobody. */
  readonly readLocalObject: (digest: Digest) => Promise<Uint8Array | undefined>
  /** Called when a blob of an entry was stored, or is found to be. */
  readonly onStored: (entry: IndexEntry) => void
}

/** A small blob that is here, and not on the disk yet. */
export interface ArrivedBlob {
  /** All of it, verified; not to be changed. */
  readonly bytes: Uint8Array
  /** Resolves when the store has acknowledged it; may be left alone. */
  readonly stored: Promise<void>
}

export interface BlobFetcherInit extends DownloadStarterInit {
  /** Asks nobody. */
  readonly offline: boolean
}

/** Fetches blobs from the best sources; equal requests at the same time are one download. */
export class BlobFetcher {
  readonly #components: BlobFetcherComponents
  readonly #init: BlobFetcherInit
  readonly #downloads: RunningDownloads

  constructor(components: BlobFetcherComponents, init: BlobFetcherInit) {
    this.#components = components
    this.#init = init
    const starter = new DownloadStarter(components, init)
    this.#downloads = new RunningDownloads({ ...components, starter })
  }

  /** Blobs on their way. */
  get active(): number {
    return this.#downloads.count
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
    const starting = this.#downloads.want(entry, options)
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
          const again = this.#downloads.wantAgain(entry, starting)
          if (again === undefined) throw error
          return untilReady(again)
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
    const download = await this.#wantUnstored(entry, options)
    if (download !== undefined) await orAborted(download.stored, options.signal)
  }

  /**
   * Fetch a blob until its verified bytes are in memory, a large one until the store has acknowledged it.
   *
   * @returns undefined when it is stored
   * @throws {UnavailableError} or {NoSpaceError}
   */
  async bring(entry: IndexEntry, options: FetchOptions): Promise<ArrivedBlob | undefined> {
    const download = await this.#wantUnstored(entry, options)
    if (download === undefined) return undefined
    await orAborted(download.ready, options.signal)
    const bytes = download.whole()
    if (bytes !== undefined) return { bytes, stored: download.stored }
    await orAborted(download.stored, options.signal)
    return undefined
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
  withdrawn(file: Pick<IndexEntry, 'path' | 'digest'>): void {
    this.#downloads.withdrawn(file)
  }

  /** End all downloads; resolves when they let go of the store. */
  async stop(): Promise<void> {
    await this.#downloads.stop()
  }

  /** The download of a blob, or undefined when it is stored. */
  async #wantUnstored(entry: IndexEntry, options: FetchOptions): Promise<BlobDownload | undefined> {
    if (await this.isStored(entry)) return undefined
    if (this.#init.offline) throw unavailable(entry, 'the node is offline')
    return await orAborted(this.#downloads.want(entry, options), options.signal)
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
