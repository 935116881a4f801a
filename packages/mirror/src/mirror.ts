import type { Digest } from '@jarswarm/manifest'
import { providerKey } from '@jarswarm/ports'
import type {
  BlobStore,
  ByteRange,
  Holdings,
  HoldingsChange,
  ManifestVerdict,
  PeerName,
  SwarmContent,
} from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import type { MirroredRepository } from './mirrored-repository.ts'
import type { PeerAnswers } from './share/peer-answers.ts'
import { readRange } from './share/read-range.ts'

export interface MirrorComponents {
  readonly blobs: BlobStore
  /** Whether a blob is given to no peer. @defaultValue none is */
  readonly isDenied?: (digest: Digest) => boolean
}

/** All followed repositories of a node, as the swarm sees them. */
export class Mirror implements SwarmContent {
  readonly #blobs: BlobStore
  readonly #isDenied: (digest: Digest) => boolean
  readonly #repositories = new Map<RepositoryId, MirroredRepository>()
  readonly #listeners = new Set<(change: HoldingsChange) => void>()
  #started = false

  constructor(components: MirrorComponents) {
    this.#blobs = components.blobs
    this.#isDenied = components.isDenied ?? (() => false)
  }

  /**
   * Follow one more repository; started at once when the mirror is. One that does not start is not followed.
   *
   * @throws {TypeError} when its id or name is followed already
   */
  async add(repository: MirroredRepository): Promise<void> {
    if (this.#repositories.has(repository.id) || this.find(repository.name) !== undefined) {
      throw new TypeError(`Cannot follow ${repository.name}: its id or name is followed already`)
    }
    this.#repositories.set(repository.id, repository)
    repository.answers.onHoldingsChange((change) => {
      for (const listener of this.#listeners) listener(change)
    })
    if (!this.#started) return
    try {
      await repository.start()
    } catch (error) {
      this.#repositories.delete(repository.id)
      await repository.stop()
      throw error
    }
  }

  /** The repository of a local name. */
  find(name: string): MirroredRepository | undefined {
    return this.sources().find((repository) => repository.name === name)
  }

  /** All repositories, in the order in which they were added. */
  sources(): readonly MirroredRepository[] {
    return [...this.#repositories.values()]
  }

  async start(): Promise<void> {
    this.#started = true
    await Promise.all(this.sources().map((repository) => repository.start()))
  }

  async stop(): Promise<void> {
    this.#started = false
    await Promise.all(this.sources().map((repository) => repository.stop()))
  }

  repositories(): readonly RepositoryId[] {
    return [...this.#repositories.keys()]
  }

  /** Only what the index of the repository names: the store holds other repositories' blobs, too. */
  async readBlob(
    repository: RepositoryId,
    digest: Digest,
    range: ByteRange,
  ): Promise<Uint8Array | undefined> {
    const mayGive = (): boolean =>
      this.#answers(repository)?.holds(digest) === true && !this.#isDenied(digest)
    if (!mayGive()) return undefined
    const bytes = await readRange(this.#blobs, digest, range)
    // It may have been withdrawn while the disk was read.
    return mayGive() ? bytes : undefined
  }

  async readObject(repository: RepositoryId, digest: Digest): Promise<Uint8Array | undefined> {
    return await this.#answers(repository)?.readObject(digest)
  }

  readManifest(repository: RepositoryId): Uint8Array | undefined {
    return this.#answers(repository)?.readManifest()
  }

  readRoot(repository: RepositoryId, number: number): Uint8Array | undefined {
    return this.#answers(repository)?.readRoot(number)
  }

  async readLogTile(repository: RepositoryId, tile: string): Promise<Uint8Array | undefined> {
    return await this.#answers(repository)?.readLogTile(tile)
  }

  holdings(repository: RepositoryId): Holdings {
    return this.#answers(repository)?.holdings() ?? { completeToSeq: undefined, blobs: noBlobs }
  }

  onHoldingsChange(listener: (change: HoldingsChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async knowsProviderKey(repository: RepositoryId, keyHex: string): Promise<boolean | undefined> {
    const answers = this.#answers(repository)
    if (answers === undefined) return false
    if (keyHex === providerKey({ repository, project: undefined })) return true
    return await answers.knowsProject(keyHex)
  }

  async offerManifest(
    repository: RepositoryId,
    manifest: Uint8Array,
    peer: PeerName,
  ): Promise<ManifestVerdict> {
    return (await this.#repositories.get(repository)?.offerManifest(manifest, peer)) ?? 'ignore'
  }

  peerJoined(peer: PeerName): void {
    for (const repository of this.sources()) repository.peerJoined(peer)
  }

  #answers(repository: RepositoryId): PeerAnswers | undefined {
    return this.#repositories.get(repository)?.answers
  }
}

async function* noBlobs(): AsyncGenerator<Digest> {
  // A repository that is not followed holds nothing.
}
