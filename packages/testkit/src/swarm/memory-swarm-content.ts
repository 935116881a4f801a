import { sha256 } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import { providerKey } from '@jarswarm/ports'
import type {
  ByteRange,
  Holdings,
  HoldingsChange,
  ManifestVerdict,
  PeerName,
  SwarmContent,
} from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'

/** What one node keeps of one repository. */
interface Shelf {
  readonly blobs: Set<Digest>
  readonly objects: Map<Digest, Uint8Array>
  readonly roots: Map<number, Uint8Array>
  readonly tiles: Map<string, Uint8Array>
  readonly projects: Set<string>
  manifest: Uint8Array | undefined
  completeToSeq: number | undefined
}

/**
 * Everything a swarm may ask of a node, kept in memory and changed by tests.
 *
 * A manifest is any bytes here; of two, the one that sorts higher is the newer, and one that begins with a
 * zero byte is a bad one.
 */
export class MemorySwarmContent implements SwarmContent {
  /** Peers that were announced as joined, in order. */
  readonly joined: PeerName[] = []
  /** Manifests that were offered, with the verdict given. */
  readonly offered: {
    readonly peer: PeerName
    readonly digest: Digest
    readonly verdict: ManifestVerdict
  }[] = []
  readonly #shelves = new Map<RepositoryId, Shelf>()
  readonly #blobs = new Map<Digest, Uint8Array>()
  readonly #listeners = new Set<(change: HoldingsChange) => void>()
  /** How often a blob was read, to prove that nothing was asked for twice. */
  blobReads = 0
  /** Set to false to answer "not complete enough to say" for every provider key. */
  indexComplete = true

  constructor(repositories: readonly RepositoryId[]) {
    for (const repository of repositories) {
      this.#shelves.set(repository, {
        blobs: new Set(),
        objects: new Map(),
        roots: new Map(),
        tiles: new Map(),
        projects: new Set(),
        manifest: undefined,
        completeToSeq: undefined,
      })
    }
  }

  /** Hold a blob and tell the swarm; returns its digest. */
  addBlob(repository: RepositoryId, bytes: Uint8Array): Digest {
    const digest = sha256(bytes)
    this.#blobs.set(digest, bytes)
    const shelf = this.#shelf(repository)
    shelf.blobs.add(digest)
    this.#change({ repository, added: [digest], removed: [], completeToSeq: shelf.completeToSeq })
    return digest
  }

  removeBlob(repository: RepositoryId, digest: Digest): void {
    const shelf = this.#shelf(repository)
    shelf.blobs.delete(digest)
    this.#blobs.delete(digest)
    this.#change({ repository, added: [], removed: [digest], completeToSeq: shelf.completeToSeq })
  }

  addObject(repository: RepositoryId, bytes: Uint8Array): Digest {
    const digest = sha256(bytes)
    this.#shelf(repository).objects.set(digest, bytes)
    return digest
  }

  addRoot(repository: RepositoryId, number: number, bytes: Uint8Array): void {
    this.#shelf(repository).roots.set(number, bytes)
  }

  addLogTile(repository: RepositoryId, tile: string, bytes: Uint8Array): void {
    this.#shelf(repository).tiles.set(tile, bytes)
  }

  /** Make the provider key of a project one that the index defines. */
  addProject(repository: RepositoryId, project: string): void {
    this.#shelf(repository).projects.add(project)
  }

  setManifest(repository: RepositoryId, bytes: Uint8Array): void {
    this.#shelf(repository).manifest = bytes
  }

  setCompleteToSeq(repository: RepositoryId, completeToSeq: number | undefined): void {
    this.#shelf(repository).completeToSeq = completeToSeq
    this.#change({ repository, added: [], removed: [], completeToSeq })
  }

  repositories(): readonly RepositoryId[] {
    return [...this.#shelves.keys()]
  }

  readBlob(
    _repository: RepositoryId,
    digest: Digest,
    range: ByteRange,
  ): Promise<Uint8Array | undefined> {
    this.blobReads += 1
    const blob = this.#blobs.get(digest)
    const end = range.offset + range.length
    if (blob === undefined || end > blob.length) return Promise.resolve(undefined)
    return Promise.resolve(blob.subarray(range.offset, end))
  }

  readObject(repository: RepositoryId, digest: Digest): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#shelves.get(repository)?.objects.get(digest))
  }

  readManifest(repository: RepositoryId): Uint8Array | undefined {
    return this.#shelves.get(repository)?.manifest
  }

  readRoot(repository: RepositoryId, number: number): Uint8Array | undefined {
    return this.#shelves.get(repository)?.roots.get(number)
  }

  readLogTile(repository: RepositoryId, tile: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#shelves.get(repository)?.tiles.get(tile))
  }

  holdings(repository: RepositoryId): Holdings {
    const shelf = this.#shelf(repository)
    return {
      completeToSeq: shelf.completeToSeq,
      async *blobs() {
        await Promise.resolve()
        yield* shelf.blobs
      },
    }
  }

  onHoldingsChange(listener: (change: HoldingsChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  knowsProviderKey(repository: RepositoryId, keyHex: string): Promise<boolean | undefined> {
    if (!this.indexComplete) return Promise.resolve(undefined)
    const projects = [undefined, ...(this.#shelves.get(repository)?.projects ?? [])]
    const known = projects.some((project) => providerKey({ repository, project }) === keyHex)
    return Promise.resolve(known)
  }

  offerManifest(
    repository: RepositoryId,
    manifest: Uint8Array,
    peer: PeerName,
  ): Promise<ManifestVerdict> {
    const shelf = this.#shelf(repository)
    const verdict = judge(manifest, shelf.manifest)
    if (verdict === 'accept') shelf.manifest = manifest
    this.offered.push({ peer, digest: sha256(manifest), verdict })
    return Promise.resolve(verdict)
  }

  peerJoined(peer: PeerName): void {
    this.joined.push(peer)
  }

  #shelf(repository: RepositoryId): Shelf {
    const shelf = this.#shelves.get(repository)
    if (shelf === undefined) {
      throw new RangeError(`Cannot use repository ${repository}: it was not given at construction`)
    }
    return shelf
  }

  #change(change: HoldingsChange): void {
    for (const listener of this.#listeners) listener(change)
  }
}

function judge(offered: Uint8Array, current: Uint8Array | undefined): ManifestVerdict {
  if (offered[0] === 0) return 'reject'
  return current === undefined || Buffer.compare(offered, current) > 0 ? 'accept' : 'ignore'
}
