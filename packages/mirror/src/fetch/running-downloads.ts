import type { Digest, IndexEntry } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import { NoSpaceError, StorageFailedError, UnavailableError } from '@jarswarm/ports'
import type { Logger } from '@jarswarm/ports'
import type { BlobDownload } from './blob-download.ts'
import type { DownloadStarter } from './download-starter.ts'
import { unavailable } from './fetch-options.ts'
import type { FetchOptions, FetchPurpose } from './fetch-options.ts'

export interface RunningDownloadsComponents {
  readonly starter: Pick<DownloadStarter, 'start'>
  readonly logger: Logger
  /** Whether a blob is never to be fetched. @defaultValue none is */
  readonly isDenied?: ((digest: Digest) => boolean) | undefined
  /** Called with each file that was wanted of a blob, when it is stored. */
  readonly onStored: (entry: IndexEntry) => void
}

interface Running {
  readonly starting: Promise<BlobDownload>
  /** The files that were asked for, all of the same bytes, less those that were withdrawn. */
  readonly wanted: Map<RepositoryPath, IndexEntry>
}

/** What is on its way, from when it is first wanted until it is stored or failed: one download of equal bytes. */
export class RunningDownloads {
  readonly #components: RunningDownloadsComponents
  readonly #downloads = new Map<Digest, Running>()
  /** Those of them that no client began. */
  readonly #ahead = new WeakSet<Promise<BlobDownload>>()
  readonly #stop = new AbortController()
  /** Until something is stored again. */
  #saidUnstored = false

  constructor(components: RunningDownloadsComponents) {
    this.#components = components
  }

  get count(): number {
    return this.#downloads.size
  }

  has(digest: Digest): boolean {
    return this.#downloads.has(digest)
  }

  /** The download of a blob, begun when there is none. */
  want(entry: IndexEntry, options: FetchOptions): Promise<BlobDownload> {
    if (this.#components.isDenied?.(entry.digest) === true) {
      return Promise.reject(unavailable(entry, 'the user of this node denied it'))
    }
    const running = this.#downloads.get(entry.digest)
    // One that nobody wants any more is about to end.
    if (running === undefined || running.wanted.size === 0) return this.#begin(entry, options)
    return join(running, entry, options.purpose)
  }

  /**
   * A download for a client in place of one that failed, unless another client was first.
   *
   * @returns undefined when the one that failed was a client's, too: another would do no better
   */
  wantAgain(entry: IndexEntry, failed: Promise<BlobDownload>): Promise<BlobDownload> | undefined {
    // What fetches ahead asks fewer sources: that it failed says nothing to somebody who waits.
    if (!this.#ahead.has(failed) || this.#stop.signal.aborted) return undefined
    const running = this.#downloads.get(entry.digest)
    if (running === undefined || running.starting === failed) return this.#begin(entry, {})
    return join(running, entry)
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

  #begin(entry: IndexEntry, options: FetchOptions): Promise<BlobDownload> {
    const { purpose = 'client', leastSeq } = options
    const { signal } = this.#stop
    const starting = this.#components.starter.start(entry, { purpose, leastSeq, signal })
    if (purpose !== 'client') this.#ahead.add(starting)
    const running = { starting, wanted: new Map([[entry.path, entry]]) }
    this.#downloads.set(entry.digest, running)
    void this.#finish(entry, running)
    return starting
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
