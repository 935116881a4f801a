import { parsePieceList, sha256, splitPieces } from '@jarswarm/manifest'
import type { Digest, IndexEntry } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import { NoSpaceError } from '@jarswarm/ports'
import type { AbortOptions, BlobStore, BlobWriter } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { MAX_BYTES_WITHOUT_DISK } from '../limits.ts'
import type { Part } from '../transfer/part.ts'
import { withDeadline } from '../wait/deadline.ts'
import { BlobDownload } from './blob-download.ts'
import { unavailable } from './fetch-options.ts'
import type { FetchPurpose } from './fetch-options.ts'
import { MemoryWriter } from './memory-writer.ts'
import { SourcePlan } from './source-plan.ts'
import type { SourcePlanComponents } from './source-plan.ts'

/** Longest wait for a piece list. */
const PIECE_LIST_TIMEOUT_MS = 20_000

export interface DownloadStarterComponents extends SourcePlanComponents {
  readonly blobs: BlobStore
  /** Gets a piece list, from the index store or from elsewhere. */
  readonly readObject: (digest: Digest, options: AbortOptions) => Promise<Uint8Array>
}

export interface DownloadStarterInit {
  readonly repository: RepositoryId
  /** Look providers up in the DHT. */
  readonly lookUp: boolean
  /** Whether an artifact is never to be evicted: the mirror policy names it, or space was donated for it. */
  readonly isPinned: (path: RepositoryPath) => boolean
  /** Number of the head in use. */
  readonly headSeq: () => number
}

export interface StartOptions {
  readonly purpose: FetchPurpose
  /** As of `FetchOptions`. */
  readonly leastSeq: number | undefined
  /** Ends the download. */
  readonly signal: AbortSignal
}

interface Place {
  readonly writer: BlobWriter
  readonly inMemory: boolean
  /** Bytes in the heap that belong on the disk. */
  readonly withoutDisk: number
}

/** Begins downloads: what parts a blob has, where its bytes go, and who is asked for them. */
export class DownloadStarter {
  readonly #components: DownloadStarterComponents
  readonly #init: DownloadStarterInit
  #bytesWithoutDisk = 0

  constructor(components: DownloadStarterComponents, init: DownloadStarterInit) {
    this.#components = components
    this.#init = init
  }

  /** @throws {UnavailableError} without its piece list, or {NoSpaceError} without a place for it */
  async start(entry: IndexEntry, options: StartOptions): Promise<BlobDownload> {
    const { purpose, leastSeq, signal } = options
    const parts = await this.#partsOf(entry, signal)
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
    // Last, so that nothing that fails before leaves a place taken.
    const { writer, inMemory, withoutDisk } = await this.#placeFor(entry, purpose)
    const download = new BlobDownload({ clock, blobs, writer, inMemory, plan }, { entry, parts })
    if (withoutDisk > 0) void this.#releaseHeap(download, withoutDisk)
    if (signal.aborted) download.abort(signal.reason as Error)
    return download
  }

  async #partsOf(entry: IndexEntry, signal: AbortSignal): Promise<readonly Part[]> {
    const { digest, sizeBytes, pieceList } = entry
    if (sizeBytes === 0) return []
    if (pieceList === undefined) return [{ digest, offset: 0, length: sizeBytes }]
    const { clock, readObject } = this.#components
    const parents = [signal]
    const init = { timeoutMs: PIECE_LIST_TIMEOUT_MS, reason: 'no piece list in time', parents }
    const bytes = await withDeadline(clock, init, (until) =>
      readObject(pieceList, { signal: until }),
    )
    if (sha256(bytes) !== pieceList) throw unavailable(entry, 'its piece list is damaged')
    const digests = parsePieceList(bytes, sizeBytes)
    return splitPieces(sizeBytes).map((piece, index) => ({
      ...piece,
      digest: digests[index] ?? '',
    }))
  }

  async #placeFor(entry: IndexEntry, purpose: FetchPurpose): Promise<Place> {
    const { blobs } = this.#components
    const { digest, sizeBytes } = entry
    const put = { pinned: this.#init.isPinned(entry.path) }
    const inHeap = (withoutDisk: number): Place => ({
      writer: new MemoryWriter(blobs, { digest, sizeBytes }, put),
      inMemory: true,
      withoutDisk,
    })
    if (entry.pieceList === undefined) return inHeap(0)
    try {
      const writer = await blobs.createWriter({ digest, sizeBytes }, put)
      return { writer, inMemory: false, withoutDisk: 0 }
    } catch (error) {
      if (!(error instanceof NoSpaceError) || purpose !== 'client') throw error
      if (this.#bytesWithoutDisk + sizeBytes > MAX_BYTES_WITHOUT_DISK) throw error
      this.#bytesWithoutDisk += sizeBytes
      return inHeap(sizeBytes)
    }
  }

  async #releaseHeap({ entry, stored }: BlobDownload, sizeBytes: number): Promise<void> {
    try {
      await stored
    } catch (error) {
      this.#components.logger.debug({ path: entry.path, error: String(error) }, 'kept in memory')
    } finally {
      this.#bytesWithoutDisk -= sizeBytes
    }
  }
}
