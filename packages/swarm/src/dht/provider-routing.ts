import type { Libp2p, PeerInfo } from '@libp2p/interface'
import type { KadDHT, SingleKadDHT } from '@libp2p/kad-dht'
import { SourceUnavailableError } from '@jarswarm/ports'
import type { AbortOptions, Clock, Logger, PeerName, ProviderSubject } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import type { Contacts } from '../contacts.ts'
import { parallelMap } from '../exchange/parallel-map.ts'
import { DHT_READY_MS, FIND_TIMEOUT_MS, PROVIDE_TIMEOUT_MS } from '../pace.ts'
import { kadProtocol } from '../protocols.ts'
import { scopedSignal } from '../scoped-signal.ts'
import type { ScopedSignal } from '../scoped-signal.ts'
import { MAX_PROVIDERS_FOUND, MAX_PROVIDER_DIALS } from './limits.ts'
import { ProvideQueue } from './provide-queue.ts'
import { providerCid } from './provider-cid.ts'
import { ProviderSweep } from './provider-sweep.ts'

const READY_POLL_MS = 50

export interface ProviderRoutingComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly libp2p: Libp2p
  readonly dhts: ReadonlyMap<RepositoryId, KadDHT>
  readonly contacts: Contacts
}

/** Finds and announces providers in the DHT of each repository. A hint, never an authority. */
export class ProviderRouting {
  readonly #components: ProviderRoutingComponents
  readonly #queue: ProvideQueue
  readonly #stopping = new AbortController()

  constructor(components: ProviderRoutingComponents, init: { readonly providesPerDay: number }) {
    this.#components = components
    this.#queue = new ProvideQueue(components.clock, init.providesPerDay)
  }

  stop(): void {
    this.#queue.stop()
    this.#stopping.abort(new Error('The swarm stops'))
  }

  /**
   * Announce projects, or undefined for the whole repository, near ones together; yields each once some server was told.
   *
   * @throws {SourceUnavailableError} when nobody can be told
   */
  async *provide(
    repository: RepositoryId,
    projects: Iterable<string | undefined>,
    options: AbortOptions,
  ): AsyncGenerator<string | undefined> {
    options.signal?.throwIfAborted()
    const subjects = Array.from(projects, (project) => ({ repository, project }))
    if (subjects.length === 0) return
    const { clock, logger, libp2p, dhts, contacts } = this.#components
    const dht = dhts.get(repository)
    if (dht === undefined) throw new SourceUnavailableError('Cannot announce: not followed')
    if (!contacts.isDialable()) {
      throw new SourceUnavailableError('Cannot announce: no address here is proven dialable')
    }
    const { signal, release } = this.#scope(options.signal, PROVIDE_TIMEOUT_MS)
    await this.#ready(dht, signal).finally(release)
    const sweep = new ProviderSweep(
      { clock, logger, libp2p, dht, queue: this.#queue },
      { protocol: kadProtocol(repository) },
    )
    yield* sweep.run(subjects, [options.signal, this.#stopping.signal])
  }

  async *find(subject: ProviderSubject, options: AbortOptions): AsyncGenerator<PeerName> {
    const { dhts, contacts, logger } = this.#components
    const dht = dhts.get(subject.repository)
    if (dht === undefined) return
    const { signal, release } = this.#scope(options.signal, FIND_TIMEOUT_MS)
    const dialled = parallelMap(
      this.#providers(dht, subject, signal),
      async (peer) => ({ peer, joined: await contacts.join(peer, signal) }),
      { concurrency: MAX_PROVIDER_DIALS, maxPending: MAX_PROVIDERS_FOUND + 1 },
    )
    try {
      for await (const { peer, joined } of dialled) if (joined) yield peer.id.toString()
    } catch (error) {
      options.signal?.throwIfAborted()
      logger.debug({ error }, 'a lookup in the DHT ended early')
    } finally {
      release()
    }
  }

  /** Each provider once, ourselves left out. */
  async *#providers(
    dht: KadDHT,
    subject: ProviderSubject,
    signal: AbortSignal,
  ): AsyncGenerator<PeerInfo> {
    const seen = new Set<PeerName>([this.#components.libp2p.peerId.toString()])
    await this.#ready(dht, signal)
    for await (const event of dht.findProviders(providerCid(subject), { signal })) {
      if (event.name !== 'PROVIDER') continue
      for (const provider of event.providers) {
        if (seen.has(provider.id.toString())) continue
        seen.add(provider.id.toString())
        yield provider
        if (seen.size > MAX_PROVIDERS_FOUND) return
      }
    }
  }

  /** Just after start the first server may not be known yet; without any there is nobody to ask. */
  async #ready(dht: KadDHT, signal: AbortSignal): Promise<void> {
    const { clock, libp2p } = this.#components
    const untilMs = clock.monotonicMs() + DHT_READY_MS
    const { routingTable } = dht as SingleKadDHT
    while (routingTable.size === 0 && clock.monotonicMs() < untilMs) {
      if (libp2p.getConnections().length === 0 && libp2p.getDialQueue().length === 0) return
      signal.throwIfAborted()
      await new Promise<void>((resolve) => clock.setTimer(resolve, READY_POLL_MS))
    }
  }

  #scope(signal: AbortSignal | undefined, timeoutMs: number): ScopedSignal {
    return scopedSignal(this.#components.clock, timeoutMs, [this.#stopping.signal, signal])
  }
}
