import {
  diffIndex,
  EMPTY_INDEX,
  MissingNodeError,
  readWithdrawals,
  walkIndex,
} from '@jarswarm/manifest'
import type { Digest, Head, IndexEntry, NodeSource, Withdrawal } from '@jarswarm/manifest'
import { isPath, projectOf, sidecarOf } from '@jarswarm/maven'
import { providerKey } from '@jarswarm/ports'
import type {
  ByteRange,
  Clock,
  Holdings,
  HoldingsChange,
  Logger,
  ManifestVerdict,
  SwarmContent,
} from '@jarswarm/ports'
import {
  InvalidManifestError,
  InvalidRootError,
  MissingRootError,
  TrustedRepository,
} from '@jarswarm/trust'
import type { RepositoryId } from '@jarswarm/trust'
import { UnpublishedTreeError } from '../errors.ts'
import type { PublishedFiles } from './published-files.ts'
import type { TreeBlobs } from './tree-blobs.ts'

export interface PrimaryContentComponents {
  readonly published: PublishedFiles
  readonly blobs: TreeBlobs
  readonly clock: Clock
  readonly logger: Logger
}

/** Blobs that are held now and were not, and the other way round. */
interface HeldChange {
  readonly added: readonly Digest[]
  readonly removed: readonly Digest[]
}

/**
 * What a primary gives the swarm: everything that stands published, read from the tree's own files.
 *
 * It follows the published manifest (`refresh`), never the network: a manifest that a peer brings is judged, so
 * that it can be passed on, but what is held is what the tree has.
 */
export class PrimaryContent implements SwarmContent {
  readonly #published: PublishedFiles
  readonly #blobs: TreeBlobs
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #projectKeys = new Set<string>()
  readonly #projects = new Set<string>()
  readonly #listeners = new Set<(change: HoldingsChange) => void>()
  /** What was taken back, by its path. */
  #withdrawn: ReadonlyMap<string, Withdrawal> = new Map()
  readonly #nodes: NodeSource = (digest) => this.#published.object(digest)
  #repository: TrustedRepository | undefined
  #head: Head | undefined
  /** Accepted, and not yet given out by a refresh. */
  #news: Uint8Array | undefined

  constructor({ published, blobs, clock, logger }: PrimaryContentComponents) {
    this.#published = published
    this.#blobs = blobs
    this.#clock = clock
    this.#logger = logger
  }

  /** @throws {UnpublishedTreeError} before the first `refresh` */
  get repository(): TrustedRepository {
    if (this.#repository !== undefined) return this.#repository
    throw new UnpublishedTreeError('Cannot serve the tree: nothing is published in it')
  }

  /** What the tree holds; undefined before the first `refresh`. */
  get head(): Head | undefined {
    return this.#head
  }

  /**
   * Take up what stands published now.
   *
   * @returns the root manifest when it is another than that of the last time that succeeded
   * @throws {UnpublishedTreeError} when the published form is missing or incomplete
   * @throws {RollbackError | OlderManifestError | …} of trust, when it does not follow from what was published before
   */
  async refresh(id: RepositoryId): Promise<Uint8Array | undefined> {
    this.#repository ??= TrustedRepository.create(id, await this.#readRoot(1))
    const manifest = await this.#published.manifest()
    if (manifest === undefined)
      throw new UnpublishedTreeError('Cannot serve the tree: it has no .jarswarm/manifest')
    if ((await this.#accept(this.#repository, manifest)) === 'newer') this.#news = manifest
    const { head } = this.#repository
    if (head !== undefined && head.seq !== this.#head?.seq) await this.#adopt(head)
    const news = this.#news
    this.#news = undefined
    return news
  }

  /**
   * One sentence about a file that was withdrawn, or the sidecar of one; undefined of all others.
   *
   * @param name path below the tree, of whatever form
   */
  withdrawn(name: string): string | undefined {
    const path = isPath(name) ? (sidecarOf(name)?.artifact ?? name) : name
    const found = this.#withdrawn.get(path)
    if (found === undefined) return undefined
    const why = found.reason === undefined ? '' : `: ${found.reason}`
    return `Withdrawn on ${new Date(found.issuedSeconds * 1000).toISOString().slice(0, 10)}${why}`
  }

  repositories(): readonly RepositoryId[] {
    return this.#repository === undefined ? [] : [this.#repository.id]
  }

  readBlob(
    repository: RepositoryId,
    digest: Digest,
    range: ByteRange,
  ): Promise<Uint8Array | undefined> {
    return this.#isOurs(repository) ? this.#blobs.read(digest, range) : Promise.resolve(undefined)
  }

  readObject(repository: RepositoryId, digest: Digest): Promise<Uint8Array | undefined> {
    return this.#isOurs(repository) ? this.#published.object(digest) : Promise.resolve(undefined)
  }

  readManifest(repository: RepositoryId): Uint8Array | undefined {
    return this.#isOurs(repository) ? this.#repository?.manifest : undefined
  }

  readRoot(repository: RepositoryId, number: number): Uint8Array | undefined {
    return this.#isOurs(repository) ? this.#repository?.root(number) : undefined
  }

  readLogTile(repository: RepositoryId, tile: string): Promise<Uint8Array | undefined> {
    return this.#isOurs(repository) ? this.#published.logTile(tile) : Promise.resolve(undefined)
  }

  holdings(repository: RepositoryId): Holdings {
    const digests = this.#isOurs(repository) ? this.#blobs.digests() : []
    return {
      completeToSeq: this.#isOurs(repository) ? this.#head?.seq : undefined,
      // eslint-disable-next-line @typescript-eslint/require-await -- the port's form; the digests are in memory
      blobs: async function* () {
        yield* digests
      },
    }
  }

  onHoldingsChange(listener: (change: HoldingsChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  knowsProviderKey(repository: RepositoryId, keyHex: string): Promise<boolean | undefined> {
    return Promise.resolve(this.#isOurs(repository) && this.#projectKeys.has(keyHex))
  }

  async offerManifest(repository: RepositoryId, manifest: Uint8Array): Promise<ManifestVerdict> {
    if (this.#repository?.id !== repository) return 'ignore'
    try {
      return (await this.#accept(this.#repository, manifest)) === 'newer' ? 'accept' : 'ignore'
    } catch (error) {
      if (error instanceof InvalidManifestError || error instanceof InvalidRootError)
        return 'reject'
      this.#logger.debug({ err: error }, 'a peer brought a manifest that does not lead on')
      return 'ignore'
    }
  }

  peerJoined(): void {
    // A newcomer asks for what it lacks; there is nothing that this side wants of it.
  }

  #isOurs(repository: RepositoryId): boolean {
    return this.#repository?.id === repository
  }

  async #readRoot(number: number): Promise<Uint8Array> {
    const root = await this.#published.root(number)
    if (root !== undefined) return root
    throw new UnpublishedTreeError(
      `Cannot serve the tree: it has no .jarswarm/roots/${String(number)}.root.json; publish it again`,
    )
  }

  /** Each missing root is one that was published before the manifest. */
  async #accept(repository: TrustedRepository, manifest: Uint8Array): Promise<'newer' | 'same'> {
    for (;;) {
      try {
        return repository.accept(manifest, this.#clock.now())
      } catch (error) {
        if (!(error instanceof MissingRootError)) throw error
        repository.acceptRoot(await this.#readRoot(error.wanted))
      }
    }
  }

  async #adopt(head: Head): Promise<void> {
    const before = (await this.#takeBack(head)) ? undefined : this.#head?.index.root
    const { added, removed } =
      before === undefined || before === EMPTY_INDEX.totals.root
        ? await this.#holdAll(head)
        : await this.#holdChanged(before, head)
    this.#head = head
    this.#projectKeys.add(providerKey({ repository: this.repository.id, project: undefined }))
    const change = { repository: this.repository.id, added, removed, completeToSeq: head.seq }
    for (const listener of this.#listeners) listener(change)
  }

  async #holdAll(head: Head, unsaid: readonly Digest[] = []): Promise<HeldChange> {
    const held = new Set(this.#blobs.digests())
    for (const digest of unsaid) held.delete(digest)
    this.#blobs.clear()
    for await (const entry of walkIndex(this.#nodes, head.index.root)) this.#hold(entry)
    return {
      added: [...this.#blobs.digests()].filter((digest) => !held.has(digest)),
      removed: [...held].filter((digest) => !this.#blobs.has(digest)),
    }
  }

  /** What the index names no more is held until something is withdrawn. */
  async #holdChanged(before: Digest, head: Head): Promise<HeldChange> {
    const added: Digest[] = []
    try {
      for await (const { after } of diffIndex(this.#nodes, before, head.index.root)) {
        if (after === undefined) continue
        if (!this.#blobs.has(after.digest)) added.push(after.digest)
        this.#hold(after)
      }
      return { added, removed: [] }
    } catch (error) {
      // A copy that was restored in the place of the published form need not have what stood there before.
      if (error instanceof MissingNodeError) return this.#holdAll(head, added)
      throw error
    }
  }

  /** @returns whether other files are withdrawn than before, so that what is held has to be looked up anew */
  async #takeBack(head: Head): Promise<boolean> {
    if (head.withdrawn?.digest === this.#head?.withdrawn?.digest) return false
    const all = await readWithdrawals(head.withdrawn, async (digest) => {
      const bytes = await this.#published.object(digest)
      if (bytes !== undefined) return bytes
      throw new UnpublishedTreeError(
        `Cannot serve the tree: it has no .jarswarm/objects/${digest}; publish it again`,
      )
    })
    this.#withdrawn = new Map(all.map((withdrawal) => [withdrawal.path, withdrawal]))
    return true
  }

  #hold(entry: IndexEntry): void {
    this.#blobs.add(entry)
    const project = projectOf(entry.path)
    if (this.#projects.has(project)) return
    this.#projects.add(project)
    this.#projectKeys.add(providerKey({ repository: this.repository.id, project }))
  }
}
