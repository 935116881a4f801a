import { sha256 } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import { formatProxiedClaim, NotHeldError, SourceUnavailableError } from '@jarswarm/ports'
import type {
  AbortOptions,
  Clock,
  Donation,
  Donor,
  ExchangeRequest,
  HoldingsChange,
  LanContent,
  PeerName,
  PeerStatus,
  ProviderSubject,
  Swarm,
  SwarmContent,
} from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import type { MemoryDonors } from './memory-donors.ts'
import { behave } from './peer-manner.ts'
import type { PeerManner } from './peer-manner.ts'

const HOUR_MS = 3_600_000

export interface MemoryPeerInit {
  /** @defaultValue `peer-1`, `peer-2` … */
  readonly name?: PeerName
  readonly content: SwarmContent
  /** What local peers may have besides. @defaultValue nothing */
  readonly lan?: LanContent
  /** @defaultValue `honest` */
  readonly manner?: PeerManner
  /** @defaultValue `all` */
  readonly share?: 'all' | 'lan' | 'none'
  /** Orders claimants and followers. @defaultValue 1 */
  readonly roundTripMs?: number
  /** @defaultValue true */
  readonly local?: boolean
  /** Public address range in which donors see this node. @defaultValue none, as on a local network */
  readonly range?: string
}

/** What a node sees of the network around it. */
export interface MemorySurroundings {
  readonly clock: Clock
  readonly slowMs: number
  readonly silenceMs: number
  readonly donors: MemoryDonors
  /** The node of a name, if it runs. */
  find(name: PeerName): MemorySwarm | undefined
  connect(one: PeerName, other: PeerName): Promise<void>
  disconnect(one: PeerName, other: PeerName): void
  linked(one: PeerName, other: PeerName): boolean
  neighbours(name: PeerName): readonly MemorySwarm[]
  addRecord(subject: ProviderSubject, peer: PeerName): void
  records(subject: ProviderSubject): readonly PeerName[]
  /** The node has started. */
  joined(swarm: MemorySwarm): Promise<void>
  /** The node has stopped. */
  left(swarm: MemorySwarm): void
}

/** The `Swarm` port without a network: nodes of one `MemoryNetwork` call one another. */
export class MemorySwarm implements Swarm {
  readonly peerId: PeerName
  /** May be changed while the node runs. */
  manner: PeerManner
  running = false
  /** What repositories asked to be kept connected; nobody is dialled. */
  readonly kept: Map<RepositoryId, readonly string[]> = new Map()
  /** Donors that were said to be proven or not, by repository and name; the last word counts. */
  readonly proven: Map<string, boolean> = new Map()
  readonly #network: MemorySurroundings
  readonly #content: SwarmContent
  readonly #lan: LanContent | undefined
  readonly #share: 'all' | 'lan' | 'none'
  readonly #distanceMs: number
  readonly #local: boolean
  readonly #range: string | undefined
  readonly #held = new Map<RepositoryId, Set<Digest>>()
  readonly #completeTo = new Map<RepositoryId, number>()
  readonly #offences = new Map<PeerName, number[]>()
  readonly #seen = new Set<Digest>()
  #unsubscribe: (() => void) | undefined
  #receivedBytes = 0
  #sentBytes = 0

  constructor(network: MemorySurroundings, init: MemoryPeerInit & { readonly name: PeerName }) {
    this.#network = network
    this.peerId = init.name
    this.manner = init.manner ?? 'honest'
    this.#distanceMs = init.roundTripMs ?? 1
    this.#content = init.content
    this.#lan = init.lan
    this.#share = init.share ?? 'all'
    this.#local = init.local ?? true
    this.#range = init.range
  }

  listenAddresses(): readonly string[] {
    return this.running ? [`/memory/${this.peerId}/p2p/${this.peerId}`] : []
  }

  peers(): readonly PeerStatus[] {
    return this.#neighbours().map((swarm) => ({
      peer: swarm.peerId,
      addresses: swarm.listenAddresses(),
      connected: true,
      repositories: this.#content.repositories().filter((id) => swarm.follows(id)),
      roundTripMs: swarm.#distanceMs,
      local: swarm.#local,
      banned: false,
    }))
  }

  roundTripMs(peer: PeerName): number | undefined {
    return this.peers().find((status) => status.peer === peer)?.roundTripMs
  }

  claimants(repository: RepositoryId, digest: Digest, leastSeq?: number): readonly PeerName[] {
    return this.#neighbours()
      .filter((swarm) => swarm.claims(repository, digest, leastSeq))
      .map((swarm) => swarm.peerId)
      .filter((peer) => this.#recentOffences(peer, 1) === 0)
  }

  followers(repository: RepositoryId): readonly PeerName[] {
    const peers = this.#neighbours()
      .filter((swarm) => swarm.follows(repository))
      .map((swarm) => swarm.peerId)
    const isAvoided = (peer: PeerName): boolean => this.#recentOffences(peer, 1) > 0
    return [...peers.filter((peer) => !isAvoided(peer)), ...peers.filter(isAvoided)]
  }

  async *findProviders(subject: ProviderSubject, options: AbortOptions): AsyncIterable<PeerName> {
    for (const peer of this.#network.records(subject)) {
      options.signal?.throwIfAborted()
      if (this.#network.find(peer)?.manner === 'unreachable') continue
      await this.#network.connect(this.peerId, peer)
      if (this.#network.linked(this.peerId, peer)) yield peer
    }
  }

  async *provide(
    repository: RepositoryId,
    projects: Iterable<string | undefined>,
    options: AbortOptions,
  ): AsyncGenerator<string | undefined> {
    for (const project of projects) {
      options.signal?.throwIfAborted()
      if (this.#share !== 'all') return
      // A network is asked: nobody is told in the same turn.
      await Promise.resolve()
      this.#network.addRecord({ repository, project }, this.peerId)
      yield project
    }
  }

  async request(
    peer: PeerName,
    request: ExchangeRequest,
    options: AbortOptions,
  ): Promise<Uint8Array> {
    options.signal?.throwIfAborted()
    const other = this.#network.find(peer)
    if (this.donors(request.repository).some((donor) => donor.peer === peer)) {
      await this.#network.connect(this.peerId, peer)
    }
    if (other === undefined || !this.#network.linked(this.peerId, peer)) {
      throw new SourceUnavailableError(`Cannot ask peer ${peer}: not connected`)
    }
    const bytes = await behave(other.manner, () => other.answer(request), {
      clock: this.#network.clock,
      slowMs: this.#network.slowMs,
      silenceMs: this.#network.silenceMs,
      signal: options.signal,
    })
    this.#receivedBytes += bytes.length
    other.#sentBytes += bytes.length
    return bytes
  }

  async gossipManifest(repository: RepositoryId, manifest: Uint8Array): Promise<void> {
    this.#seen.add(sha256(manifest))
    await Promise.all(
      this.#neighbours()
        .filter((swarm) => swarm.follows(repository))
        .map((swarm) => swarm.offered(repository, manifest, this.peerId)),
    )
  }

  keepConnected(repository: RepositoryId, addresses: readonly string[]): void {
    this.kept.set(repository, addresses)
  }

  donate(repository: RepositoryId, donation: Donation | undefined): void {
    if (this.#share === 'none') return
    const who = {
      peer: this.peerId,
      issuedMs: this.#network.clock.now(),
      range: this.#range,
    }
    this.#network.donors.tell(repository, who, donation)
  }

  donors(repository: RepositoryId): readonly Donor[] {
    if (!this.follows(repository)) return []
    return this.#network.donors
      .of(repository)
      .filter(
        ({ peer }) =>
          peer !== this.peerId && this.#network.find(peer) !== undefined && !this.refuses(peer),
      )
  }

  onDonorsChange(listener: (repository: RepositoryId) => void): () => void {
    return this.#network.donors.onChange(listener)
  }

  proveDonor(repository: RepositoryId, peer: PeerName, proven: boolean): void {
    this.proven.set(`${repository} ${peer}`, proven)
  }

  reportWrongBytes(peer: PeerName): void {
    this.#offences.set(peer, [...(this.#offences.get(peer) ?? []), this.#network.clock.now()])
    if (!this.refuses(peer)) return
    this.#network.disconnect(this.peerId, peer)
    this.#network.donors.moved(peer)
  }

  transferred(): { readonly receivedBytes: number; readonly sentBytes: number } {
    return { receivedBytes: this.#receivedBytes, sentBytes: this.#sentBytes }
  }

  async start(): Promise<void> {
    if (this.running) return
    this.running = true
    this.#unsubscribe = this.#content.onHoldingsChange((change) => {
      this.#apply(change)
    })
    await this.#network.joined(this)
  }

  stop(): Promise<void> {
    this.running = false
    this.#unsubscribe?.()
    this.#network.left(this)
    return Promise.resolve()
  }

  /** Network side: whether this node has banned a peer. */
  refuses(peer: PeerName): boolean {
    return this.#recentOffences(peer, 24) >= 3
  }

  /** Network side: read again what the node holds, as a real one does for each greeting. */
  async refresh(): Promise<void> {
    for (const repository of this.#content.repositories()) {
      const holdings = this.#content.holdings(repository)
      const held = new Set<Digest>()
      if (holdings.completeToSeq === undefined) {
        for await (const digest of holdings.blobs()) held.add(digest)
        this.#completeTo.delete(repository)
      } else this.#completeTo.set(repository, holdings.completeToSeq)
      this.#held.set(repository, held)
    }
  }

  /** Network side: tell the content of a peer that follows one of its repositories. */
  greet(peer: MemorySwarm): void {
    if (this.#content.repositories().some((id) => peer.follows(id))) {
      this.#content.peerJoined(peer.peerId)
    }
  }

  /** Network side: whether the node follows a repository. */
  follows(repository: RepositoryId): boolean {
    return this.#content.repositories().includes(repository)
  }

  /** Network side: whether the node told its peers that it holds a blob. */
  claims(repository: RepositoryId, digest: Digest, leastSeq = 0): boolean {
    if (this.#share === 'none') return false
    const holdsAll = (this.#completeTo.get(repository) ?? -1) >= leastSeq
    return holdsAll || this.#held.get(repository)?.has(digest) === true
  }

  /** Network side: a manifest that a neighbour passes on; passed on further once when it is newer. */
  async offered(repository: RepositoryId, manifest: Uint8Array, from: PeerName): Promise<void> {
    const digest = sha256(manifest)
    if (this.#seen.has(digest)) return
    this.#seen.add(digest)
    const verdict = await this.#content.offerManifest(repository, manifest, from)
    if (verdict === 'accept') await this.gossipManifest(repository, manifest)
  }

  /** Network side: the honest answer to a request. */
  async answer(request: ExchangeRequest): Promise<Uint8Array> {
    const bytes = await this.#read(request)
    if (bytes !== undefined) return bytes
    throw new NotHeldError(`Cannot get ${request.kind} from peer ${this.peerId}: not held`)
  }

  async #read(request: ExchangeRequest): Promise<Uint8Array | undefined> {
    const { repository } = request
    if (!this.follows(repository)) return this.#readProxied(request)
    switch (request.kind) {
      case 'blob':
        if (this.#share === 'none') {
          throw new SourceUnavailableError(`Cannot get blob from peer ${this.peerId}: not shared`)
        }
        return this.#content.readBlob(repository, request.digest, request)
      case 'object':
        return this.#content.readObject(repository, request.digest)
      case 'manifest': {
        const manifest = this.#content.readManifest(repository)
        return manifest && sha256(manifest) === request.unless ? new Uint8Array() : manifest
      }
      case 'root':
        return this.#content.readRoot(repository, request.number)
      case 'log':
        return (await this.#content.readLogTile(repository, request.tile))?.subarray(request.from)
      case 'proxied':
        return undefined
    }
  }

  async #readProxied(request: ExchangeRequest): Promise<Uint8Array | undefined> {
    const { repository } = request
    if (this.#lan?.proxies(repository) !== true || !this.#local) return undefined
    if (request.kind === 'blob') return this.#lan.readBlob(repository, request.digest, request)
    const claim = request.kind === 'proxied' ? await this.#lan.find(repository, request) : undefined
    return claim === undefined ? undefined : formatProxiedClaim(claim)
  }

  #apply(change: HoldingsChange): void {
    const held = this.#held.get(change.repository) ?? new Set()
    for (const digest of change.added) held.add(digest)
    for (const digest of change.removed) held.delete(digest)
    this.#held.set(change.repository, held)
    if (change.completeToSeq === undefined) this.#completeTo.delete(change.repository)
    else this.#completeTo.set(change.repository, change.completeToSeq)
  }

  #neighbours(): readonly MemorySwarm[] {
    return this.#network
      .neighbours(this.peerId)
      .toSorted(
        (one, other) =>
          Number(other.#local) - Number(one.#local) || one.#distanceMs - other.#distanceMs,
      )
  }

  #recentOffences(peer: PeerName, hours: number): number {
    const since = this.#network.clock.now() - hours * HOUR_MS
    return (this.#offences.get(peer) ?? []).filter((at) => at > since).length
  }
}
