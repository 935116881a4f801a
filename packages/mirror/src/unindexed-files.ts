import type { Head, IndexEntry } from '@jarswarm/manifest'
import { nameOf } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import type {
  AbortOptions,
  BlobStore,
  Clock,
  IndexStore,
  Logger,
  ProxyCache,
  ProxyOrigin,
  Resolution,
} from '@jarswarm/ports'
import { ProxiedRepository } from './proxy/proxied-repository.ts'

/** What the observed repository said of a path is believed so long, whether it has the file or not. */
export const BELIEVE_MS = 60_000
/** Removed at once from the cache. */
const BATCH = 500

/** The repository that a signer saw, and where is noted what is known of its unsigned files. */
export interface ObservedOrigin {
  /** Undefined when the node may use no network. */
  readonly origin: ProxyOrigin | undefined
  readonly cache: ProxyCache
  /** Piece lists of large files; not those of an index, which drops what it does not name. */
  readonly objects: Pick<IndexStore, 'getObject' | 'putObjects' | 'deleteObjects'>
}

export interface UnindexedFilesComponents {
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly logger: Logger
  /** @param url base URL without trailing slash; what it returns is closed by the caller */
  readonly openObserved?: ((url: string) => ObservedOrigin) | undefined
  /** Called when the index names a file by now, and its blob is stored. */
  readonly onIndexed: (entry: IndexEntry) => void
}

export interface UnindexedFilesInit {
  readonly name: string
  /** Pass nothing on that the index does not name. */
  readonly strict: boolean
}

interface Opened {
  readonly url: string
  readonly files: ProxiedRepository
  readonly cache: ProxyCache
  readonly origin: ProxyOrigin | undefined
}

/**
 * What came to an observed repository after its head was signed: asked of that repository itself, checked against its
 * own checksums, and passed on to the client alone.
 *
 * None of it is verified, and no peer hears of it before the signed index names it.
 */
export class UnindexedFiles {
  readonly #components: UnindexedFilesComponents
  readonly #init: UnindexedFilesInit
  readonly #closing = new Set<Promise<void>>()
  #opened: Opened | undefined
  #stopped = false

  constructor(components: UnindexedFilesComponents, init: UnindexedFilesInit) {
    this.#components = components
    this.#init = init
  }

  /** What can be said of a path that the index of `head`, the newest one, proves absent. */
  async resolve(head: Head, path: RepositoryPath, options: AbortOptions): Promise<Resolution> {
    const { observed } = head
    // The operator's own index has everything: it alone proves.
    if (observed === null) return { kind: 'absent' }
    const unsigned = `${nameOf(path)} is not in the signed index of ${this.#init.name} (head ${head.seq})`
    if (this.#init.strict) {
      return unknown(`${unsigned}, and with --strict nothing else is passed on from ${observed}`)
    }
    const files = this.#open(observed)?.files
    if (files === undefined) return unknown(`${unsigned}, and ${observed} is not asked`)
    const found = await files.resolve(path, options)
    switch (found.kind) {
      case 'artifact':
        return { ...found, mutable: true, unindexed: files }
      case 'arriving':
        return { ...found, mutable: true, unindexed: files }
      case 'unknown':
        return unknown(`${unsigned}. ${found.reason}`)
      case 'withdrawn':
      case 'denied':
        return found
      case 'absent':
      case 'directory':
        return { kind: 'absent' }
    }
  }

  /**
   * Forget the files that the index names by now, so that their unsigned bytes are never served again.
   *
   * @param find looks a path up in the newest index
   */
  async forgetIndexed(
    head: Head,
    find: (path: RepositoryPath) => Promise<IndexEntry | undefined>,
    signal: AbortSignal,
  ): Promise<void> {
    const cache = head.observed === null ? undefined : this.#open(head.observed)?.cache
    if (cache === undefined) return
    const named: RepositoryPath[] = []
    for await (const { path } of cache.list('', { signal })) {
      const entry = await find(path)
      if (entry === undefined) continue
      named.push(path)
      if (await this.#components.blobs.has(entry.digest)) this.#components.onIndexed(entry)
    }
    for (let at = 0; at < named.length; at += BATCH) await cache.delete(named.slice(at, at + BATCH))
  }

  /** End all downloads. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#close()
    await Promise.all(this.#closing)
  }

  #open(observed: string): Opened | undefined {
    const { openObserved, blobs, clock, logger } = this.#components
    if (openObserved === undefined || this.#stopped) return undefined
    const url = observed.replace(/\/+$/, '')
    if (this.#opened?.url === url) return this.#opened
    this.#close()
    const { origin, cache, objects } = openObserved(url)
    const files = new ProxiedRepository(
      { blobs, cache, objects, origin, clock, logger },
      { name: this.#init.name, url, believeMs: BELIEVE_MS },
    )
    files.start()
    this.#opened = { url, files, cache, origin }
    return this.#opened
  }

  #close(): void {
    const opened = this.#opened
    this.#opened = undefined
    if (opened === undefined) return
    const closing = closeOne(opened).finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }
}

async function closeOne({ files, origin }: Opened): Promise<void> {
  await files.stop()
  await origin?.close()
}

function unknown(reason: string): Resolution {
  return { kind: 'unknown', reason }
}
