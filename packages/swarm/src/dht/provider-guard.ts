import type { KadDHT } from '@libp2p/kad-dht'
import type { Libp2p, PeerId } from '@libp2p/interface'
import type { Clock, PeerName, SwarmContent } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import type { CID } from 'multiformats/cid'
import type { Contacts } from '../contacts.ts'
import { RECORD_LIFE_MS } from '../pace.ts'
import {
  MAX_COUNTED_PEERS,
  MAX_OWN_RECORDS,
  MAX_PROVIDERS_ANSWERED,
  MAX_RECORDS_PER_KEY,
  MAX_RECORDS_PER_PEER,
  MAX_RECORDS_PER_RANGE,
  MAX_UNJUDGED_KEYS,
} from './limits.ts'
import { ProviderRefusedError } from './errors.ts'
import { keyOfCid } from './provider-cid.ts'

/** The record store within kad-dht, which sets no bounds of its own. */
interface ProviderRecords {
  addProvider(cid: CID, provider: PeerId, options?: unknown): Promise<void>
  removeProvider(cid: CID, provider: PeerId, options?: unknown): Promise<void>
  getProviders(cid: CID, options?: unknown): Promise<PeerId[]>
}

export interface ProviderGuardComponents {
  readonly clock: Clock
  readonly self: PeerId
  /** Whether the index defines a key; undefined while it cannot say. */
  readonly knowsKey: (keyHex: string) => Promise<boolean | undefined>
  /** The public address range a peer is connected from; undefined for local ones. */
  readonly rangeOf: (peer: PeerName) => string | undefined
  /** Whether an address of the peer is known, without which an answer cannot name it. */
  readonly isReachable: (peer: PeerId) => Promise<boolean>
  /** A number in [0, 1). */
  readonly random: () => number
}

/**
 * Bounds what strangers can store in our part of a DHT, and what a record can do to an answer.
 *
 * Own records are kept here and not in the DHT's store, which would announce all of them again every day
 * beyond any budget.
 */
export class ProviderGuard {
  readonly #components: ProviderGuardComponents
  readonly #records: ProviderRecords
  readonly #ownMs = new Map<string, number>()
  readonly #unjudged = new Set<string>()
  readonly #placed = new Map<PeerName, { count: number; readonly sinceMs: number }>()

  constructor(dht: KadDHT, components: ProviderGuardComponents) {
    this.#components = components
    const records = recordsOf(dht)
    this.#records = {
      addProvider: records.addProvider.bind(records),
      removeProvider: records.removeProvider.bind(records),
      getProviders: records.getProviders.bind(records),
    }
    records.addProvider = (cid, provider, options) => this.#add(cid, provider, options)
    records.getProviders = (cid, options) => this.#get(cid, options)
  }

  async #add(cid: CID, provider: PeerId, options: unknown): Promise<void> {
    const key = keyOfCid(cid)
    if (key === undefined) throw refused('its key is no SHA-256')
    if (provider.equals(this.#components.self)) {
      this.#addOwn(key)
      return
    }
    this.#count(provider.toString())
    // The closed key set: nobody can make us store what the signed index does not define.
    await this.#judgeKey(key)
    const present = await this.#records.getProviders(cid)
    if (!present.some((peer) => peer.equals(provider))) {
      this.#checkRange(provider.toString(), present)
      await this.#makeRoom(cid, present)
    }
    await this.#records.addProvider(cid, provider, options)
  }

  /** At most 20, at random, and none whose addresses are gone: one such would fail the whole answer. */
  async #get(cid: CID, options: unknown): Promise<PeerId[]> {
    const providers = this.#shuffled(await this.#records.getProviders(cid, options))
    const answered: PeerId[] = []
    if (this.#isOwn(keyOfCid(cid))) answered.push(this.#components.self)
    for (const provider of providers) {
      if (answered.length >= MAX_PROVIDERS_ANSWERED) break
      if (await this.#components.isReachable(provider)) answered.push(provider)
    }
    return answered
  }

  #addOwn(key: string): void {
    this.#ownMs.delete(key)
    this.#ownMs.set(key, this.#components.clock.now())
    dropOldest(this.#ownMs, MAX_OWN_RECORDS)
  }

  #isOwn(key: string | undefined): boolean {
    const sinceMs = key === undefined ? undefined : this.#ownMs.get(key)
    return sinceMs !== undefined && sinceMs > this.#components.clock.now() - RECORD_LIFE_MS
  }

  #count(peer: PeerName): void {
    const now = this.#components.clock.now()
    const before = this.#placed.get(peer)
    const placed =
      before !== undefined && before.sinceMs > now - RECORD_LIFE_MS / 2
        ? before
        : { count: 0, sinceMs: now }
    placed.count += 1
    this.#placed.delete(peer)
    this.#placed.set(peer, placed)
    dropOldest(this.#placed, MAX_COUNTED_PEERS)
    if (placed.count > MAX_RECORDS_PER_PEER) throw refused('the peer has placed too many')
  }

  async #judgeKey(key: string): Promise<void> {
    const known = await this.#components.knowsKey(key)
    if (known === true) {
      this.#unjudged.delete(key)
      return
    }
    if (known === false) throw refused('the index does not define its key')
    if (this.#unjudged.has(key)) return
    if (this.#unjudged.size >= MAX_UNJUDGED_KEYS) throw refused('too many keys are unjudged')
    this.#unjudged.add(key)
  }

  #checkRange(provider: PeerName, present: readonly PeerId[]): void {
    const range = this.#components.rangeOf(provider)
    if (range === undefined) return
    const same = present.filter((peer) => this.#components.rangeOf(peer.toString()) === range)
    if (same.length >= MAX_RECORDS_PER_RANGE) throw refused('its address range has enough')
  }

  /** Replace at random, so that who comes early or late gains nothing. */
  async #makeRoom(cid: CID, present: readonly PeerId[]): Promise<void> {
    const excess = present.length - MAX_RECORDS_PER_KEY + 1
    if (excess <= 0) return
    for (const peer of this.#shuffled(present).slice(0, excess)) {
      await this.#records.removeProvider(cid, peer)
    }
  }

  #shuffled(peers: readonly PeerId[]): PeerId[] {
    const shuffled = [...peers]
    for (let at = shuffled.length - 1; at > 0; at -= 1) {
      const other = Math.floor(this.#components.random() * (at + 1))
      const [one, two] = [shuffled[at], shuffled[other]]
      if (one === undefined || two === undefined) continue
      shuffled[at] = two
      shuffled[other] = one
    }
    return shuffled
  }
}

export interface GuardProvidersComponents {
  readonly clock: Clock
  readonly random: () => number
  readonly content: SwarmContent
  readonly libp2p: Libp2p
  readonly contacts: Contacts
}

/** Put a guard before the record store of each DHT; it lives as long as the DHT. */
export function guardProviders(
  dhts: ReadonlyMap<RepositoryId, KadDHT>,
  { clock, random, content, libp2p, contacts }: GuardProvidersComponents,
): readonly ProviderGuard[] {
  return [...dhts].map(
    ([repository, dht]) =>
      new ProviderGuard(dht, {
        clock,
        random,
        self: libp2p.peerId,
        knowsKey: (keyHex) => content.knowsProviderKey(repository, keyHex),
        rangeOf: (peer) => contacts.rangeOf(peer),
        isReachable: (peer) => contacts.hasAddresses(peer),
      }),
  )
}

/** The record store of a DHT; guarded once there is a guard. */
export function recordsOf(dht: KadDHT): ProviderRecords {
  const { providers } = dht as KadDHT & { readonly providers?: Partial<ProviderRecords> }
  if (providers?.addProvider === undefined || providers.getProviders === undefined) {
    throw new TypeError('Cannot guard the DHT: found no provider records, wanted kad-dht 16')
  }
  return providers as ProviderRecords
}

function refused(why: string): ProviderRefusedError {
  return new ProviderRefusedError(`Cannot store the provider record: ${why}`)
}

function dropOldest<Value>(map: Map<string, Value>, limit: number): void {
  if (map.size <= limit) return
  const [oldest] = map.keys()
  if (oldest !== undefined) map.delete(oldest)
}
