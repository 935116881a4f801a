import type { Digest, Head, IndexDifference, IndexEntry, Withdrawal } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import type {
  AbortOptions,
  ArtifactContent,
  ArtifactSource,
  ManifestVerdict,
  PeerName,
  PublishedName,
  RepositoryStatus,
  Resolution,
  ResolveOptions,
} from '@jarswarm/ports'
import type { FreshnessReport, RepositoryId } from '@jarswarm/trust'
import { warnOfClock } from './clock-warning.ts'
import { UpstreamInspector } from './upstreams/upstream-inspector.ts'
import type { UpstreamReport } from './upstreams/upstream-inspector.ts'
import { HeadFollower } from './history/head-follower.ts'
import type { HistoryReader } from './history/history-reader.ts'
import { IndexEntries } from './index-tree/index-entries.ts'
import type { PrefetchSource } from './prefetch/prefetch-source.ts'
import { assembleRepository } from './repository-parts.ts'
import type { RepositoryParts } from './repository-parts.ts'
import type { MirroredRepositoryComponents, MirroredRepositoryInit } from './repository-init.ts'
import { describeRepository } from './repository-status.ts'
import { Resolver } from './resolver.ts'
import { HoldingsBoard } from './share/holdings-board.ts'
import { PeerAnswers } from './share/peer-answers.ts'
import { WithdrawalWatch } from './withdrawal/withdrawal-watch.ts'

/**
 * One followed repository: a trusted head that only advances, a copy of the index behind it, and the files that the
 * index names, from wherever they are.
 */
export class MirroredRepository implements ArtifactSource {
  readonly id: RepositoryId
  readonly name: string
  /** What the swarm is told of it. */
  readonly answers: PeerAnswers
  readonly #components: MirroredRepositoryComponents
  readonly #init: MirroredRepositoryInit
  readonly #parts: RepositoryParts
  readonly #resolver: Resolver
  readonly #board: HoldingsBoard
  readonly #withdrawals: WithdrawalWatch
  readonly #follower: HeadFollower
  readonly #stop = new AbortController()
  #unsubscribe: (() => void) | undefined
  #scanning: Promise<void> | undefined
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
        this.#board.stored(entry)
      },
      onIndexChange: (change) => {
        this.#onIndexChange(change)
      },
      onFilled: (head) => {
        this.#board.filled(head, head.seq === this.#parts.keeper.trusted?.head?.seq)
      },
      onWithdrawn: (withdrawals) => {
        this.#background(this.#withdrawals.withdrawn(withdrawals))
      },
      isComplete: () => this.#board.isComplete,
      headSeq: () => this.head?.seq ?? 0,
    })
    const { held, announcer, withdrawals: book } = this.#parts
    const onChange = announcer.stored.bind(announcer)
    const mirrorsAll = init.mirrorPolicy === 'all'
    this.#board = new HoldingsBoard({ held, onChange }, { repository: init.id, mirrorsAll })
    this.answers = new PeerAnswers({
      ...components,
      ...this.#parts,
      board: this.#board,
      indexRoot: () => this.head?.index.root,
    })
    const { random = Math.random, isNamedElsewhere = () => false } = components
    this.#withdrawals = new WithdrawalWatch(
      { ...components, ...this.#parts, book, board: this.#board, random, isNamedElsewhere },
      init,
    )
    const { name, offline = false, syncIndex = true } = init
    this.#follower = new HeadFollower(
      { ...components, ...this.#parts, onSynced: this.#onSynced.bind(this) },
      { name, offline, syncIndex, replays: mirrorsAll },
    )
    this.#resolver = new Resolver(this.#parts, {
      head: () => this.head,
      freshness: () => this.freshness(),
      isBehind: () => this.#parts.keeper.behind,
      untilInUse: this.#follower.untilInUse.bind(this.#follower),
      heldBack: () => this.#parts.gate.heldBack,
    })
  }

  get origin(): string | undefined {
    return this.#init.origin ?? this.#parts.keeper.trusted?.origin
  }

  get prefetchSource(): PrefetchSource {
    return this.#parts.prefetchSource
  }

  /** The name that its root gives it, whatever it is called here; undefined before it was verified. */
  get signedName(): string | undefined {
    return this.#parts.keeper.trusted?.name
  }

  /** The newest head whose history was checked: the one by which paths are answered. */
  get head(): Head | undefined {
    return this.#parts.gate.head
  }

  /** For people who ask what was ever published. */
  get history(): HistoryReader {
    return this.#parts.history
  }

  /** For people who ask what the index names. */
  get entries(): IndexEntries {
    return new IndexEntries({ index: this.#components.index, tree: this.#parts.tree })
  }

  freshness(): FreshnessReport {
    const { maxStaleMs } = this.#init
    const options = maxStaleMs === undefined ? {} : { maxStaleMs }
    const trusted = this.#parts.keeper.trusted
    const unknown = { state: 'unknown', staleSeconds: 0, clockSuspect: false } as const
    return trusted?.freshness(this.#components.clock.now(), options) ?? unknown
  }

  async resolve(path: RepositoryPath, options: ResolveOptions): Promise<Resolution> {
    if (this.head === undefined) await this.#parts.watch.findFirstHead(options)
    return await this.#resolver.resolve(path, options)
  }

  recall(path: RepositoryPath, options: Pick<ResolveOptions, 'beside'>): Resolution | undefined {
    return this.#resolver.recall(path, options)
  }

  async open(entry: IndexEntry, options: AbortOptions): Promise<ArtifactContent> {
    const { withdrawals, fetcher } = this.#parts
    return await withdrawals.guard(entry.path, () => fetcher.open(entry, options))
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
    const withdrawn = this.#withdrawals.status()
    const now = this.#components.clock.now()
    return { ...describeRepository(this.#parts, this, now), withdrawn }
  }

  /** What the head in use withdraws, ascending by head, then by path. */
  get withdrawn(): readonly Withdrawal[] {
    return this.#parts.withdrawals.all
  }

  /** Fetch a file until it is stored durably. Throws UnavailableError or NoSpaceError. */
  async store(entry: IndexEntry, options: AbortOptions): Promise<void> {
    this.#parts.withdrawals.refuse(entry.path)
    await this.#parts.fetcher.store(entry, options)
  }

  /** Somebody else put the blob of this entry into the store, as an import does. */
  noteStored(entry: IndexEntry): void {
    this.#board.stored(entry)
  }

  /** Compare the store with the index again, after blobs were put there by others, as an import does. */
  async rescan(): Promise<void> {
    this.#scanning ??= this.#board.scan(this.#stop.signal).finally(() => {
      this.#scanning = undefined
    })
    await this.#scanning
  }

  /** Look for a newer head now; see `HeadWatch.lookForNewerHead`. */
  async lookForNewerHead(options: AbortOptions): Promise<void> {
    await this.#parts.watch.lookForNewerHead(options)
  }

  /** Wait a little until the newest head is in use, or it is said why not. */
  async untilInUse(options: AbortOptions): Promise<void> {
    await this.#follower.untilInUse(options)
  }

  /** Take up what was saved, and begin to follow. Resolves before anybody was asked. */
  async start(): Promise<void> {
    if (this.#started) return
    this.#started = true
    await this.#parts.keeper.load()
    this.#usePlaces()
    warnOfClock(this, this.#components.logger)
    await this.#parts.gate.load()
    await this.#parts.recorder.load()
    await this.#withdrawals.start()
    await this.#parts.tree.load()
    this.#unsubscribe = this.#components.blobs.onChange(({ kind, digest }) => {
      if (kind === 'removed') this.#onRemoved(digest)
    })
    this.#background(this.rescan())
    if (this.#init.offline) return
    await this.#parts.donation.start()
    this.#parts.watch.start()
    this.#parts.announcer.start()
    this.#follower.start()
  }

  /** End everything under way; resolves when it has ended. */
  async stop(): Promise<void> {
    if (!this.#started) return
    this.#started = false
    this.#stop.abort(new Error('the node stops'))
    this.#unsubscribe?.()
    const { watch, keeper, announcer, fill, donation, fetcher, objects, unindexed, upstreams } =
      this.#parts
    objects.stop()
    await Promise.all([
      watch.stop(),
      keeper.stop(),
      announcer.stop(),
      fill.stop(),
      donation.stop(),
      fetcher.stop(),
      unindexed.stop(),
      this.#follower.stop(),
      this.#withdrawals.stop(),
      Promise.allSettled([this.#scanning]),
    ])
    await upstreams.stop()
  }

  /** HTTP base URLs of the signed list of mirrors. */
  get mirrors(): readonly string[] {
    return this.#parts.keeper.trusted?.mirrors ?? []
  }

  /** Compare origin and mirrors with what is trusted here. */
  async inspectUpstreams(options: AbortOptions): Promise<readonly UpstreamReport[]> {
    const { upstreams, keeper, tree } = this.#parts
    return await new UpstreamInspector(
      { ...this.#components, upstreams, keeper, tree },
      { repository: this.name },
    ).inspect(options)
  }

  /** Open a part of the published form; undefined when it is not here. */
  async openPublished(name: PublishedName): Promise<ArtifactContent | undefined> {
    return await this.#parts.published.open(name)
  }

  /** Whether a blob is known to be one of this repository. */
  holds(digest: Digest): boolean {
    return this.answers.holds(digest)
  }

  async offerManifest(manifest: Uint8Array, peer: PeerName): Promise<ManifestVerdict> {
    return this.#init.offline ? 'ignore' : await this.#parts.watch.offer(manifest, peer)
  }

  peerJoined(peer: PeerName): void {
    if (this.#init.offline) return
    this.#parts.watch.peerJoined(peer)
    this.#parts.announcer.changed()
    this.#follower.peerJoined()
    this.#parts.fill.peerJoined()
  }

  #onNewHead(peer: PeerName | undefined): void {
    const { manifest, head } = this.#parts.keeper.trusted ?? {}
    const fields = { repository: this.name, seq: head?.seq, inUse: this.head?.seq }
    this.#components.logger.info(fields, 'new head')
    warnOfClock(this, this.#components.logger)
    this.#parts.objects.prefer(peer)
    this.#usePlaces()
    if (manifest !== undefined && !this.#stop.signal.aborted) {
      this.#background(this.#components.swarm.gossipManifest(this.id, manifest))
    }
    this.#follower.newHead()
  }

  /** Mirrors and peers that are signed; an observed repository has the files, too, though somebody else signs the head. */
  #usePlaces(): void {
    const { mirrors = [], bootstrap = [], head } = this.#parts.keeper.trusted ?? {}
    const observed = head?.observed ?? null
    this.#parts.upstreams.update(observed === null ? mirrors : [...mirrors, observed])
    this.#components.swarm.keepConnected(this.id, bootstrap)
  }

  async #onSynced(head: Head, isFirst: boolean, signal: AbortSignal): Promise<void> {
    const { fill, donation, announcer } = this.#parts
    if (this.#withdrawals.takeScanNeed() || isFirst) await this.rescan()
    await this.#forgetIndexed(head, signal)
    if (head !== this.head) return
    fill.follow(head)
    donation.follow()
    announcer.changed()
  }

  async #forgetIndexed(head: Head, signal: AbortSignal): Promise<void> {
    const { reader, unindexed } = this.#parts
    const find = async (path: RepositoryPath): Promise<IndexEntry | undefined> => {
      const finding = await reader.find(head, path, { signal })
      return finding.kind === 'entry' ? finding.entry : undefined
    }
    await unindexed.forgetIndexed(head, find, signal)
  }

  #onRemoved(digest: Digest): void {
    if (this.#board.removed(digest)) this.#parts.fill.lost(digest)
  }

  #onIndexChange({ before, after }: IndexDifference): void {
    if (after?.digest === before?.digest) return
    // Was pinned for a path that names it no more; for another one that does it is fetched again when it is gone.
    if (before !== undefined) {
      this.#background(this.#components.blobs.setPinned(before.digest, false))
    }
    if (after === undefined) {
      if (before !== undefined) this.#parts.fill.changed(before.path)
      return
    }
    this.#parts.fill.changed(after.path, after)
    this.#parts.donation.changed(after.path)
  }

  #background(task: Promise<unknown>): void {
    task.catch((error: unknown) => {
      if (this.#stop.signal.aborted) return
      this.#components.logger.warn({ repository: this.name, error: String(error) }, 'task failed')
    })
  }
}
