import { diffIndex, EMPTY_INDEX, walkIndex } from '@jarswarm/manifest'
import type { Digest, Head, IndexEntry, NodeSource } from '@jarswarm/manifest'
import { projectOf } from '@jarswarm/maven'
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
  #repository: TrustedRepository | undefined
  #head: Head | undefined

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
   * @returns the root manifest when it is another than before
   * @throws {UnpublishedTreeError} when the published form is missing or incomplete
   * @throws {RollbackError | OlderManifestError | …} of trust, when it does not follow from what was published before
   */
  async refresh(id: RepositoryId): Promise<Uint8Array | undefined> {
    this.#repository ??= TrustedRepository.create(id, await this.#readRoot(1))
    const manifest = await this.#published.manifest()
    if (manifest === undefined)
      throw new UnpublishedTreeError('Cannot serve the tree: it has no .jarswarm/manifest')
    const verdict = await this.#accept(this.#repository, manifest)
    const { head } = this.#repository
    if (head !== undefined && head.seq !== this.#head?.seq) await this.#adopt(head)
    return verdict === 'newer' ? manifest : undefined
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
    const source: NodeSource = (digest) => this.#published.object(digest)
    const before = this.#head?.index.root
    const added: Digest[] = []
    if (before === undefined || before === EMPTY_INDEX.totals.root) {
      for await (const entry of walkIndex(source, head.index.root)) this.#add(entry, added)
    } else {
      for await (const { after } of diffIndex(source, before, head.index.root)) {
        if (after !== undefined) this.#add(after, added)
      }
    }
    this.#head = head
    this.#projectKeys.add(providerKey({ repository: this.repository.id, project: undefined }))
    const change = { repository: this.repository.id, added, removed: [], completeToSeq: head.seq }
    for (const listener of this.#listeners) listener(change)
  }

  #add({ digest, path }: IndexEntry, added: Digest[]): void {
    if (!this.#blobs.has(digest)) added.push(digest)
    this.#blobs.add(digest, path)
    const project = projectOf(path)
    if (this.#projects.has(project)) return
    this.#projects.add(project)
    this.#projectKeys.add(providerKey({ repository: this.repository.id, project }))
  }
}
