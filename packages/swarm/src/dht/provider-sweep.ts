import type { Libp2p, PeerId } from '@libp2p/interface'
import type { KadDHT } from '@libp2p/kad-dht'
import { SourceUnavailableError } from '@jarswarm/ports'
import type { Clock, Logger, ProviderSubject } from '@jarswarm/ports'
import type { CID } from 'multiformats/cid'
import { abortable } from '../abortable.ts'
import { PROVIDE_PAUSE_MS, PROVIDE_TIMEOUT_MS } from '../pace.ts'
import { scopedSignal } from '../scoped-signal.ts'
import { commonBits, placeOfKey, placeOfPeer, regionBits } from './key-region.ts'
import { MAX_RECORDS_AT_ONCE } from './limits.ts'
import type { ProvideQueue } from './provide-queue.ts'
import { providerCid } from './provider-cid.ts'
import { recordsOf } from './provider-guard.ts'
import { RecordSender } from './record-sender.ts'

/** Servers that hold a record: the k of kad-dht. */
const SERVERS_PER_RECORD = 20

export interface ProviderSweepComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly libp2p: Libp2p
  readonly dht: KadDHT
  readonly queue: ProvideQueue
}

interface Announcement {
  readonly project: string | undefined
  readonly cid: CID
  readonly place: string
}

/**
 * Announces many subjects for little: one walk through the DHT finds the servers for all keys that stand near to one
 * another, in a small swarm for all keys there are, and each server gets many records at a time.
 */
export class ProviderSweep {
  readonly #components: ProviderSweepComponents
  readonly #sender: RecordSender

  /** @param protocol that of the DHT */
  constructor(components: ProviderSweepComponents, { protocol }: { readonly protocol: string }) {
    this.#components = components
    this.#sender = new RecordSender(components.libp2p, protocol)
  }

  /**
   * Yields each project once some server was told; pauses between one lot and the next.
   *
   * @throws {SourceUnavailableError} when no server can be told
   */
  async *run(
    subjects: readonly ProviderSubject[],
    signals: readonly (AbortSignal | undefined)[],
  ): AsyncGenerator<string | undefined> {
    const [caller] = signals
    let left = subjects.map(toAnnouncement)
    for (let [first] = left; first !== undefined; [first] = left) {
      const { cid, place } = first
      const servers = await this.#within(signals, (signal) => this.#closest(cid, signal))
      const bits = regionBits(place, servers.map(placeOfPeer), SERVERS_PER_RECORD)
      const near = left.filter((one) => commonBits(one.place, place) >= bits)
      left = left.filter((one) => commonBits(one.place, place) < bits)
      while (near.length > 0) {
        const lot = near.splice(0, MAX_RECORDS_AT_ONCE)
        await this.#components.queue.run(
          () => this.#within(signals, (signal) => this.#tell(servers, lot, signal)),
          { cost: lot.length, signal: caller },
        )
        for (const { project } of lot) yield project
        if (near.length + left.length > 0) await this.#pause(caller)
      }
    }
  }

  async #closest(cid: CID, signal: AbortSignal): Promise<readonly PeerId[]> {
    const servers: PeerId[] = []
    for await (const event of this.#components.dht.getClosestPeers(cid.multihash.bytes, {
      signal,
    })) {
      if (event.name === 'FINAL_PEER') servers.push(event.peer.id)
    }
    return servers
  }

  async #tell(
    servers: readonly PeerId[],
    announcements: readonly Announcement[],
    signal: AbortSignal,
  ): Promise<void> {
    const { dht, libp2p, logger } = this.#components
    const records = recordsOf(dht)
    const keys = announcements.map(({ cid }) => cid)
    // This node may be asked itself.
    for (const key of keys) await records.addProvider(key, libp2p.peerId)
    const outcomes = await Promise.allSettled(
      servers.map((server) => this.#sender.send(server, keys, signal)),
    )
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        logger.debug({ error: outcome.reason }, 'a DHT server did not take records')
    }
    if (outcomes.some(({ status }) => status === 'fulfilled')) return
    signal.throwIfAborted()
    throw new SourceUnavailableError('Cannot announce: no DHT server is known')
  }

  async #within<T>(
    signals: readonly (AbortSignal | undefined)[],
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { signal, release } = scopedSignal(this.#components.clock, PROVIDE_TIMEOUT_MS, signals)
    return await work(signal).finally(release)
  }

  #pause(signal: AbortSignal | undefined): Promise<undefined> {
    const { clock } = this.#components
    return abortable(signal, (waiter) => {
      const end = (): void => {
        waiter.resolve(undefined)
      }
      const timer = clock.setTimer(end, PROVIDE_PAUSE_MS)
      return () => {
        timer.cancel()
      }
    })
  }
}

function toAnnouncement(subject: ProviderSubject): Announcement {
  const cid = providerCid(subject)
  return { project: subject.project, cid, place: placeOfKey(cid) }
}
