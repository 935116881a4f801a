import type { Digest } from '@jarswarm/manifest'
import type {
  AbortOptions,
  Clock,
  Donation,
  Donor,
  ExchangeRequest,
  LanContent,
  Logger,
  PeerName,
  PeerStatus,
  ProviderSubject,
  Swarm,
  SwarmContent,
} from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import type { Connection, Ed25519PrivateKey } from '@libp2p/interface'
import type { LevelDatastore } from 'datastore-level'
import { isLocalAddress } from './addresses.ts'
import { ContentAnswerer } from './answerer.ts'
import type { BanList } from './ban-list.ts'
import { Contacts } from './contacts.ts'
import { guardProviders } from './dht/provider-guard.ts'
import { ProviderRouting } from './dht/provider-routing.ts'
import { Donors } from './donors/donors.ts'
import { Requester } from './exchange/requester.ts'
import { toLaneRequest } from './exchange/requests.ts'
import { Responder } from './exchange/responder.ts'
import { Greeter } from './greeter.ts'
import { HeadGossip } from './head-gossip.ts'
import type { Hello } from './holdings/hello.ts'
import type { Libp2pNode } from './libp2p-node.ts'
import { MAX_INBOUND_STREAMS } from './limits.ts'
import type { SwarmLimits } from './limits.ts'
import { PeerBook } from './peer-book.ts'
import { EXCHANGE_PROTOCOL } from './protocols.ts'
import { PeerChoice } from './peer-choice.ts'
import { Redialler } from './redialler.ts'
import { Sharing } from './sharing.ts'
import type { SharingInit } from './sharing.ts'

export interface Libp2pSwarmComponents {
  readonly content: SwarmContent
  readonly lan: LanContent | undefined
  readonly clock: Clock
  readonly logger: Logger
  readonly node: Libp2pNode
  /** The key that names the node. */
  readonly key: Ed25519PrivateKey
  readonly bans: BanList
  /** Closed at the end; undefined when nothing is to be kept. */
  readonly datastore: LevelDatastore | undefined
  readonly random: () => number
}

export interface Libp2pSwarmInit extends SharingInit {
  readonly role: 'node' | 'bootstrap'
  readonly summaries: boolean
  readonly bootstrap: readonly string[]
  readonly knownPeers: readonly string[]
  readonly limits: SwarmLimits
}

/** The `Swarm` port over libp2p: the parts are wired here, and do their work elsewhere. */
export class Libp2pSwarm implements Swarm {
  readonly peerId: PeerName
  readonly #content: SwarmContent
  readonly #logger: Logger
  readonly #node: Libp2pNode
  readonly #bans: BanList
  readonly #datastore: LevelDatastore | undefined
  readonly #init: Libp2pSwarmInit
  readonly #clock: Clock
  readonly #book = new PeerBook()
  readonly #choice: PeerChoice
  readonly #sharing: Sharing
  readonly #contacts: Contacts
  readonly #requester: Requester
  readonly #responder: Responder
  readonly #answerer: ContentAnswerer
  readonly #greeter: Greeter
  readonly #gossip: HeadGossip
  readonly #routing: ProviderRouting
  readonly #donors: Donors
  readonly #redialler: Redialler
  #topology: string | undefined
  #state: 'new' | 'started' | 'stopped' = 'new'

  constructor(components: Libp2pSwarmComponents, init: Libp2pSwarmInit) {
    const { content, clock, logger, node, random } = components
    const { libp2p, gossip, dhts } = node
    this.peerId = libp2p.peerId.toString()
    this.#content = content
    this.#logger = logger
    this.#node = node
    this.#bans = components.bans
    this.#datastore = components.datastore
    this.#init = init
    this.#clock = clock
    this.#choice = new PeerChoice(this.#book, components.bans)
    this.#sharing = new Sharing((peer) => this.#book.isLocal(peer), init)
    this.#contacts = new Contacts(
      { clock, logger, libp2p, book: this.#book, bans: components.bans },
      { network: init.network },
    )
    this.#requester = new Requester(
      {
        clock,
        openStream: (peer) => this.#contacts.openStream(peer, this.#donors.addressesOf(peer)),
      },
      { silenceMs: init.limits.silenceMs },
    )
    this.#donors = new Donors(
      {
        clock,
        logger,
        random,
        key: components.key,
        self: this.peerId,
        contacts: this.#contacts,
        choice: this.#choice,
        requester: this.#requester,
        onForgery: this.reportWrongBytes.bind(this),
      },
      { ...init.limits, repositories: content.repositories() },
    )
    this.#greeter = this.#createGreeter()
    this.#answerer = this.#createAnswerer(components.lan)
    this.#responder = new Responder({
      clock,
      logger,
      answer: (peer, request) => this.#answerer.answer(peer, request),
    })
    this.#gossip = new HeadGossip({ clock, logger, content, gossip })
    this.#routing = new ProviderRouting(
      { clock, logger, libp2p, dhts, contacts: this.#contacts },
      { providesPerDay: init.limits.providesPerDay },
    )
    this.#redialler = new Redialler({ clock, logger, libp2p, random }, init)
    guardProviders(dhts, { clock, random, content, libp2p, contacts: this.#contacts })
  }

  listenAddresses(): readonly string[] {
    if (this.#state !== 'started') return []
    return this.#node.libp2p.getMultiaddrs().map(String)
  }

  peers(): readonly PeerStatus[] {
    return this.#choice.statuses(this.#content.repositories())
  }

  roundTripMs(peer: PeerName): number | undefined {
    return this.#book.get(peer)?.roundTripMs
  }

  claimants(repository: RepositoryId, digest: Digest, leastSeq?: number): readonly PeerName[] {
    return this.#choice.claimants(repository, digest, leastSeq)
  }

  followers(repository: RepositoryId): readonly PeerName[] {
    return this.#choice.followers(repository)
  }

  findProviders(subject: ProviderSubject, options: AbortOptions): AsyncIterable<PeerName> {
    return this.#routing.find(subject, options)
  }

  provide(
    ...[repository, projects, options]: Parameters<Swarm['provide']>
  ): AsyncIterable<string | undefined> {
    return this.#routing.provide(repository, this.#sharing.isOpen ? projects : [], options)
  }

  async request(
    peer: PeerName,
    request: ExchangeRequest,
    options: AbortOptions,
  ): Promise<Uint8Array> {
    const idle = this.#requester.idle(peer)
    const before = this.#clock.monotonicMs()
    const bytes = await this.#requester.ask(peer, toLaneRequest(request), options.signal)
    if (idle) this.#book.measured(peer, this.#clock.monotonicMs() - before)
    return bytes
  }

  async gossipManifest(repository: RepositoryId, manifest: Uint8Array): Promise<void> {
    if (this.#state === 'started') await this.#gossip.publish(repository, manifest)
  }

  keepConnected(repository: RepositoryId, addresses: readonly string[]): void {
    this.#redialler.keep(repository, addresses)
  }

  donate(repository: RepositoryId, donation: Donation | undefined): void {
    if (this.#sharing.isOpen) this.#donors.donate(repository, donation)
  }

  donors(repository: RepositoryId): readonly Donor[] {
    return this.#donors.donorsOf(repository)
  }

  onDonorsChange(listener: (repository: RepositoryId) => void): () => void {
    return this.#donors.onChange(listener)
  }

  proveDonor(repository: RepositoryId, peer: PeerName, proven: boolean): void {
    this.#donors.prove(repository, peer, proven)
  }

  reportWrongBytes(peer: PeerName): void {
    this.#bans.report(peer)
    this.#logger.warn({ peer }, 'a peer sent bytes that fail their digest')
    if (!this.#bans.isBanned(peer)) return
    this.#donors.banned(peer)
    this.#contacts.hangUp(peer)
  }

  transferred(): { readonly receivedBytes: number; readonly sentBytes: number } {
    return {
      receivedBytes: this.#requester.receivedBytes,
      sentBytes: this.#responder.sentBytes,
    }
  }

  async start(): Promise<void> {
    if (this.#state !== 'new') return
    this.#state = 'started'
    const { libp2p } = this.#node
    await this.#bans.start()
    this.#greeter.start()
    await libp2p.handle(
      EXCHANGE_PROTOCOL,
      (stream, connection) => {
        // The other side may be quicker to identify us than we are to identify it.
        this.#note(connection)
        return this.#responder.serve(connection.remotePeer.toString(), stream)
      },
      // One more than we serve, so that the refusal is ours: beyond the library's no handler runs at all.
      { maxInboundStreams: MAX_INBOUND_STREAMS + 1 },
    )
    this.#topology = await libp2p.register(EXCHANGE_PROTOCOL, {
      onConnect: (peer, connection) => {
        this.#onConnect(peer.toString(), connection)
      },
    })
    libp2p.addEventListener('peer:disconnect', ({ detail }) => {
      this.#onDisconnect(detail.toString())
    })
    libp2p.addEventListener('self:peer:update', () => {
      this.#donors.readdressed()
    })
    await libp2p.start()
    this.#donors.start()
    this.#gossip.start()
    this.#node.onLanPeer((peer) => void this.#redialler.dial(peer))
    await this.#redialler.start()
  }

  async stop(): Promise<void> {
    if (this.#state !== 'started') return
    this.#state = 'stopped'
    const { libp2p } = this.#node
    this.#redialler.stop()
    this.#routing.stop()
    this.#greeter.stop()
    this.#donors.stop()
    this.#gossip.stop()
    this.#requester.stop()
    this.#responder.stop()
    if (this.#topology !== undefined) libp2p.unregister(this.#topology)
    await libp2p.unhandle(EXCHANGE_PROTOCOL)
    await libp2p.stop()
    await this.#bans.stop()
    await this.#datastore?.close()
  }

  #createGreeter(): Greeter {
    const shares = (peer: PeerName): boolean => this.#init.summaries && this.#sharing.with(peer)
    return new Greeter(
      {
        clock: this.#clock,
        logger: this.#logger,
        content: this.#content,
        book: this.#book,
        ownHello: () => this.#ownHello(),
        shares,
        donors: this.#donors,
        ask: (peer, request, signal) => this.#requester.ask(peer, request, signal),
      },
      { debounceMs: this.#init.limits.holdingsDebounceMs },
    )
  }

  #createAnswerer(lan: LanContent | undefined): ContentAnswerer {
    return new ContentAnswerer({
      clock: this.#clock,
      content: this.#content,
      lan,
      isLocal: (peer) => this.#book.isLocal(peer),
      shares: (peer) => this.#sharing.with(peer),
      ownHello: () => this.#ownHello(),
      onHello: this.#greeter.onHello.bind(this.#greeter),
      onSummary: (peer, repository, summary) => {
        // A bootstrap node asks nobody for blobs: what hundreds of peers hold is not worth its memory.
        if (this.#init.role === 'node') this.#book.summarize(peer, repository, summary)
      },
      follows: (peer, repository) => this.#choice.follows(peer, repository),
      donors: (repository, payload) => this.#donors.answer(repository, payload),
    })
  }

  #ownHello(): Hello {
    const bootstrap = this.#init.role === 'bootstrap'
    return { bootstrap, repositories: this.#content.repositories() }
  }

  #onConnect(peer: PeerName, connection: Connection): void {
    this.#note(connection)
    void this.#greeter.greet(peer)
  }

  #note({ remotePeer, remoteAddr }: Connection): void {
    const local = isLocalAddress(remoteAddr)
    this.#book.connected(remotePeer.toString(), remoteAddr.toString(), local)
  }

  #onDisconnect(peer: PeerName): void {
    this.#book.disconnected(peer)
    this.#greeter.forget(peer)
    this.#answerer.forget(peer)
    this.#requester.drop(peer)
  }
}
