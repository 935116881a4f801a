import type { Digest, Head, IndexDifference, IndexEntry } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import type {
  AbortOptions,
  ArtifactContent,
  ArtifactSource,
  Holdings,
  HoldingsChange,
  ManifestVerdict,
  PeerName,
  RepositoryStatus,
  Resolution,
} from '@jarswarm/ports'
import type { FreshnessReport, RepositoryId } from '@jarswarm/trust'
import type { PrefetchSource } from './prefetch/prefetch-source.ts'
import { assembleRepository } from './repository-parts.ts'
import type { RepositoryParts } from './repository-parts.ts'
import type { MirroredRepositoryComponents, MirroredRepositoryInit } from './repository-init.ts'
import { Resolver } from './resolver.ts'

/** Wait before an index sync that failed is taken up again: whoever told of the head may still be fetching itself. */
const FIRST_SYNC_RETRY_MS = 500
/** The wait doubles up to this; a new head or a peer that joins ends it. */
const MAX_SYNC_RETRY_MS = 30_000

/**
 * One followed repository: a trusted head that only advances, a copy of the index behind it, and the files that the
 * index names, from wherever they are.
 */
export class MirroredRepository implements ArtifactSource {
  readonly id: RepositoryId
  readonly name: string
  readonly #components: MirroredRepositoryComponents
  readonly #init: MirroredRepositoryInit
  readonly #parts: RepositoryParts
  readonly #resolver: Resolver
  readonly #listeners = new Set<(change: HoldingsChange) => void>()
  readonly #stop = new AbortController()
  #unsubscribe: (() => void) | undefined
  #completeToSeq: number | undefined
  #syncing: Promise<void> | undefined
  #scanning: Promise<void> | undefined
  #retry: { cancel(): void } | undefined
  #retryDelayMs = FIRST_SYNC_RETRY_MS
  #started = false

  constructor(components: MirroredRepositoryComponents, init: MirroredRepositoryInit) {
    this.id = init.id
    this.name = init.name
    this.#components = components
    this.#init = init
    this.#parts = assembleRepository(components, init, {
      onNewHead: (peer) => {
        this.#onNewHead(peer)
      },
      onStored: (entry) => {
        this.#onStored(entry)
      },
      onIndexChange: (change) => {
        this.#onIndexChange(change)
      },
      onFilled: (head) => {
        this.#onFilled(head)
      },
      isComplete: () => this.#completeToSeq !== undefined,
    })
    this.#resolver = new Resolver(this.#parts, {
      head: () => this.head,
      freshness: () => this.freshness(),
      isBehind: () => this.#parts.keeper.behind,
    })
  }

  get origin(): string | undefined {
    return this.#init.origin ?? this.#parts.keeper.trusted?.origin
  }

  get prefetchSource(): PrefetchSource {
    return this.#parts.prefetchSource
  }

  get head(): Head | undefined {
    return this.#parts.keeper.trusted?.head
  }

  freshness(): FreshnessReport {
    const { maxStaleMs } = this.#init
    const options = maxStaleMs === undefined ? {} : { maxStaleMs }
    const trusted = this.#parts.keeper.trusted
    const unknown = { state: 'unknown', staleSeconds: 0, clockSuspect: false } as const
    return trusted?.freshness(this.#components.clock.now(), options) ?? unknown
  }

  async resolve(path: RepositoryPath, options: AbortOptions): Promise<Resolution> {
    if (this.head === undefined) await this.#parts.watch.findFirstHead(options)
    return await this.#resolver.resolve(path, options)
  }

  async open(entry: IndexEntry, options: AbortOptions): Promise<ArtifactContent> {
    return await this.#parts.fetcher.open(entry, options)
  }

  async list(
    directory: string,
    options: AbortOptions & { readonly limit: number },
  ): Promise<readonly string[] | undefined> {
    const names: string[] = []
    if (options.limit < 1 || this.#parts.tree.completeRoot === undefined) return undefined
    for await (const name of this.#components.index.listDirectory(directory, options)) {
      if (names.push(name) >= options.limit) break
    }
    return names.length === 0 ? undefined : names
  }

  status(): RepositoryStatus {
    const { head } = this
    const issuedMs = this.#parts.keeper.trusted?.issuedMs ?? 0
    const complete = head !== undefined && this.#parts.tree.completeRoot === head.index.root
    return {
      name: this.name,
      id: this.id,
      origin: this.origin ?? null,
      freshness: this.freshness().state,
      head:
        head === undefined
          ? null
          : {
              seq: head.seq,
              issued: head.issued,
              ageSeconds: Math.max(
                0,
                Math.floor((this.#components.clock.now() - issuedMs) / 1_000),
              ),
              files: head.index.files,
              bytes: head.index.bytes,
              root: head.index.root,
            },
      index: { complete, files: complete ? head.index.files : 0 },
    }
  }

  /** Fetch a file until it is stored durably. Throws UnavailableError or NoSpaceError. */
  async store(entry: IndexEntry, options: AbortOptions): Promise<void> {
    await this.#parts.fetcher.store(entry, options)
  }

  /** Compare the store with the index again, after blobs were put there by others, as an import does. */
  async rescan(): Promise<void> {
    this.#scanning ??= this.#scan().finally(() => {
      this.#scanning = undefined
    })
    await this.#scanning
  }

  /** Look for a newer head now; see `HeadWatch.lookForNewerHead`. */
  async lookForNewerHead(options: AbortOptions): Promise<void> {
    await this.#parts.watch.lookForNewerHead(options)
  }

  /** Take up what was saved, and begin to follow. Resolves before anybody was asked. */
  async start(): Promise<void> {
    if (this.#started) return
    this.#started = true
    await this.#parts.keeper.load()
    this.#warnOfClock()
    await this.#parts.tree.load()
    this.#unsubscribe = this.#components.blobs.onChange(({ kind, digest }) => {
      if (kind === 'removed') this.#onRemoved(digest)
    })
    this.#background(this.rescan())
    if (this.#init.offline) return
    this.#parts.watch.start()
    this.#parts.announcer.start()
    if (this.head !== undefined) this.#sync()
  }

  /** End everything under way; resolves when it has ended. */
  async stop(): Promise<void> {
    if (!this.#started) return
    this.#started = false
    this.#stop.abort(new Error('the node stops'))
    this.#unsubscribe?.()
    this.#retry?.cancel()
    const { watch, keeper, announcer, fill, fetcher, objects } = this.#parts
    objects.stop()
    await Promise.all([
      watch.stop(),
      keeper.stop(),
      announcer.stop(),
      fill.stop(),
      fetcher.stop(),
      this.#syncing,
      Promise.allSettled([this.#scanning]),
    ])
  }

  // What the swarm asks; see SwarmContent.

  readManifest(): Uint8Array | undefined {
    return this.#parts.keeper.trusted?.manifest
  }

  readRoot(number: number): Uint8Array | undefined {
    return this.#parts.keeper.trusted?.root(number)
  }

  async readObject(digest: Digest): Promise<Uint8Array | undefined> {
    return await this.#components.index.getObject(digest)
  }

  holdings(): Holdings {
    const { held } = this.#parts
    return {
      completeToSeq: this.#completeToSeq,
      async *blobs() {
        await Promise.resolve()
        yield* held.digests()
      },
    }
  }

  onHoldingsChange(listener: (change: HoldingsChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** @returns undefined while the index is incomplete: then nobody can say */
  async knowsProject(keyHex: string): Promise<boolean | undefined> {
    if (!this.status().index.complete) return undefined
    return (await this.#components.index.projectOfKey(keyHex)) !== undefined
  }

  async offerManifest(manifest: Uint8Array, peer: PeerName): Promise<ManifestVerdict> {
    return this.#init.offline ? 'ignore' : await this.#parts.watch.offer(manifest, peer)
  }

  peerJoined(peer: PeerName): void {
    if (this.#init.offline) return
    this.#parts.watch.peerJoined(peer)
    this.#parts.announcer.changed()
    if (this.#retry !== undefined) this.#sync()
  }

  #onNewHead(peer: PeerName | undefined): void {
    const manifest = this.#parts.keeper.trusted?.manifest
    this.#components.logger.info({ repository: this.name, seq: this.head?.seq }, 'new head')
    this.#warnOfClock()
    this.#parts.objects.prefer(peer)
    this.#retryDelayMs = FIRST_SYNC_RETRY_MS
    if (manifest !== undefined && !this.#stop.signal.aborted) {
      this.#background(this.#components.swarm.gossipManifest(this.id, manifest))
    }
    this.#sync()
  }

  /** By a clock that is behind, a head never expires; only the operator can tell which of the two is wrong. */
  #warnOfClock(): void {
    if (!this.freshness().clockSuspect) return
    const fields = { repository: this.name, issued: this.head?.issued }
    this.#components.logger.warn(
      fields,
      "the head was signed in the future: set this machine's clock",
    )
  }

  /** Bring the index to the newest head, in the background; one sync at a time. */
  #sync(): void {
    this.#retry?.cancel()
    this.#retry = undefined
    if (this.#init.offline || this.#stop.signal.aborted) return
    if (this.#init.syncIndex === false) return
    this.#syncing ??= this.#syncToNewest().finally(() => {
      this.#syncing = undefined
    })
  }

  async #syncToNewest(): Promise<void> {
    const { tree, fill, announcer } = this.#parts
    const { clock, logger } = this.#components
    try {
      for (let { head } = this; head !== undefined; head = this.head) {
        const first = tree.completeRoot === undefined
        await tree.sync(head, this.#stop.signal)
        if (first) await this.rescan()
        if (head !== this.head) continue
        fill.follow(head)
        announcer.changed()
        return
      }
    } catch (error) {
      if (this.#stop.signal.aborted) return
      logger.debug({ repository: this.name, error: String(error) }, 'index sync will go on later')
      this.#retry = clock.setTimer(() => {
        this.#sync()
      }, this.#retryDelayMs)
      this.#retryDelayMs = Math.min(this.#retryDelayMs * 2, MAX_SYNC_RETRY_MS)
    }
  }

  async #scan(): Promise<void> {
    const added = await this.#parts.held.scan(this.#stop.signal)
    if (added.length > 0) this.#tell(added, [])
    this.#parts.announcer.changed()
  }

  #onStored(entry: IndexEntry): void {
    if (!this.#parts.held.add(entry)) return
    this.#tell([entry.digest], [])
    this.#parts.announcer.changed()
  }

  #onRemoved(digest: Digest): void {
    if (!this.#parts.held.remove(digest)) return
    this.#completeToSeq = undefined
    if (this.head !== undefined) this.#parts.fill.lost(digest, this.head)
    this.#tell([], [digest])
  }

  /** A full copy stays one only as far as it holds what came. */
  #onIndexChange({ before, after }: IndexDifference): void {
    if (after?.digest === before?.digest) return
    // Was pinned for a path that names it no more; another one that does pins it again in the next round.
    if (before !== undefined) {
      this.#background(this.#components.blobs.setPinned(before.digest, false))
    }
    if (after === undefined) return
    this.#completeToSeq = undefined
    this.#parts.fill.changed(after)
  }

  #onFilled(head: Head): void {
    if (this.#init.mirrorPolicy !== 'all' || this.#completeToSeq === head.seq) return
    this.#completeToSeq = head.seq
    this.#tell([], [])
    this.#parts.announcer.changed()
  }

  #tell(added: readonly Digest[], removed: readonly Digest[]): void {
    const completeToSeq = this.#completeToSeq
    for (const listener of this.#listeners) {
      listener({ repository: this.id, added, removed, completeToSeq })
    }
  }

  #background(task: Promise<unknown>): void {
    task.catch((error: unknown) => {
      if (this.#stop.signal.aborted) return
      this.#components.logger.warn({ repository: this.name, error: String(error) }, 'task failed')
    })
  }
}
