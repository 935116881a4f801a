import type { Libp2p, PeerId } from '@libp2p/interface'
import type { KadDHT, SingleKadDHT } from '@libp2p/kad-dht'
import { SourceUnavailableError } from '@jarswarm/ports'
import type { Clock, Logger, ProviderSubject } from '@jarswarm/ports'
import type { CID } from 'multiformats/cid'
import { abortable } from '../abortable.ts'
import { PROVIDE_PAUSE_MS, PROVIDE_TIMEOUT_MS, SERVER_TIMEOUT_MS } from '../pace.ts'
import { scopedSignal } from '../scoped-signal.ts'
import { commonBits, placeOfKey, placeOfPeer, regionBits } from './key-region.ts'
import { MAX_RECORDS_AT_ONCE } from './limits.ts'
import type { ProvideQueue } from './provide-queue.ts'
import { providerCid } from './provider-cid.ts'
import { recordsOf } from './provider-guard.ts'
import { RecordSender } from './record-sender.ts'

/** Servers that hold a record: the k of kad-dht. */
const SERVERS_PER_RECORD = 20
/** Regions in which nobody takes anything, until the rest is left for later. */
const MAX_FAILURES_IN_A_ROW = 3

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
   * Yields each project once some server took records of its lot; pauses between one lot and the next. Where nobody takes
   * any, others further on may be told all the same: strangers around one key keep nobody silent.
   *
   * @throws {SourceUnavailableError} when nobody took anything, or in several regions in a row
   */
  async *run(
    subjects: readonly ProviderSubject[],
    signals: readonly (AbortSignal | undefined)[],
  ): AsyncGenerator<string | undefined> {
    const [caller] = signals
    let failures = 0
    let wasTold = false
    let left = subjects.map(toAnnouncement)
    while (left.length > 0) {
      const region = await this.#regionOf(left, signals)
      left = left.filter((one) => !region.near.has(one))
      const near = [...region.near]
      let told = 0
      while (near.length > 0) {
        const lot = near.splice(0, Math.min(MAX_RECORDS_AT_ONCE, this.#components.queue.perDay))
        if (!(await this.#tellLot(region.servers, lot, signals))) break
        told += lot.length
        for (const { project } of lot) yield project
        if (near.length + left.length > 0) await this.#pause(caller)
      }
      wasTold ||= told > 0
      failures = told > 0 ? 0 : failures + 1
      if (failures === MAX_FAILURES_IN_A_ROW || (left.length === 0 && !wasTold))
        throw new SourceUnavailableError('Cannot announce: no DHT server takes records')
    }
  }

  /** The servers closest to the first, and what else they are the closest to. */
  async #regionOf(
    [first, ...others]: readonly Announcement[],
    signals: readonly (AbortSignal | undefined)[],
  ): Promise<{ readonly servers: readonly PeerId[]; readonly near: ReadonlySet<Announcement> }> {
    if (first === undefined) return { servers: [], near: new Set() }
    const { routingTable } = this.#components.dht as SingleKadDHT
    const servers = await this.#closest(first.cid, signals)
    const bits = regionBits(first.place, servers.map(placeOfPeer), {
      areAll: Math.max(servers.length, routingTable.size) < SERVERS_PER_RECORD,
    })
    const near = others.filter(({ place }) => commonBits(place, first.place) >= bits)
    return { servers, near: new Set([first, ...near]) }
  }

  async #closest(
    cid: CID,
    signals: readonly (AbortSignal | undefined)[],
  ): Promise<readonly PeerId[]> {
    const { clock, dht, logger } = this.#components
    const { signal, release } = scopedSignal(clock, PROVIDE_TIMEOUT_MS, signals)
    const servers: PeerId[] = []
    try {
      for await (const event of dht.getClosestPeers(cid.multihash.bytes, { signal })) {
        if (event.name === 'FINAL_PEER') servers.push(event.peer.id)
      }
    } catch (error) {
      for (const one of signals) one?.throwIfAborted()
      logger.debug({ error }, 'a walk through the DHT ended early')
    } finally {
      release()
    }
    return servers
  }

  /** @returns whether some server took some of it */
  async #tellLot(
    servers: readonly PeerId[],
    lot: readonly Announcement[],
    signals: readonly (AbortSignal | undefined)[],
  ): Promise<boolean> {
    const { dht, libp2p, queue } = this.#components
    const [caller] = signals
    const keys = lot.map(({ cid }) => cid)
    const records = recordsOf(dht)
    // This node may be asked itself.
    for (const key of keys) await records.addProvider(key, libp2p.peerId)
    let taken = 0
    const tell = async (): Promise<void> => {
      const counts = await Promise.all(
        servers.map((server) => this.#tellServer(server, keys, signals)),
      )
      taken = Math.max(0, ...counts)
    }
    await queue.run(tell, { cost: lot.length, signal: caller })
    return taken > 0
  }

  /** @returns how many it took; one that is silent holds up nobody for long */
  async #tellServer(
    server: PeerId,
    keys: readonly CID[],
    signals: readonly (AbortSignal | undefined)[],
  ): Promise<number> {
    const { clock, logger } = this.#components
    const { signal, release } = scopedSignal(clock, SERVER_TIMEOUT_MS, signals)
    try {
      return await this.#sender.send(server, keys, signal)
    } catch (error) {
      for (const one of signals) one?.throwIfAborted()
      logger.debug({ error }, 'a DHT server did not take records')
      return 0
    } finally {
      release()
    }
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
