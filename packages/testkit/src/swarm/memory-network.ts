import { providerKey } from '@jarswarm/ports'
import type { Clock, PeerName, ProviderSubject } from '@jarswarm/ports'
import { MemoryDonors } from './memory-donors.ts'
import { MemorySwarm } from './memory-swarm.ts'
import type { MemoryPeerInit, MemorySurroundings } from './memory-swarm.ts'

export interface MemoryNetworkInit {
  /** @defaultValue the system's */
  readonly clock?: Clock
  /** How long a slow peer takes. @defaultValue 1 000 */
  readonly slowMs?: number
  /** When a silent peer is given up. @defaultValue 10 000, as in the real swarm */
  readonly silenceMs?: number
  /** Whether a node that starts is connected to all that run. @defaultValue true */
  readonly autoConnect?: boolean
}

/** Nodes of one process that meet without sockets: connections, gossip, provider records. */
export class MemoryNetwork implements MemorySurroundings {
  readonly clock: Clock
  readonly slowMs: number
  readonly silenceMs: number
  readonly donors: MemoryDonors = new MemoryDonors()
  readonly #autoConnect: boolean
  readonly #swarms = new Map<PeerName, MemorySwarm>()
  readonly #links = new Set<string>()
  readonly #records = new Map<string, Set<PeerName>>()

  constructor(init: MemoryNetworkInit = {}) {
    this.clock = init.clock ?? SYSTEM_CLOCK
    this.slowMs = init.slowMs ?? 1_000
    this.silenceMs = init.silenceMs ?? 10_000
    this.#autoConnect = init.autoConnect ?? true
  }

  /** Make a node; it joins the network with its `start()`. */
  createSwarm(init: MemoryPeerInit): MemorySwarm {
    const name = init.name ?? `peer-${String(this.#swarms.size + 1)}`
    const swarm = new MemorySwarm(this, { ...init, name })
    this.#swarms.set(name, swarm)
    return swarm
  }

  find(name: PeerName): MemorySwarm | undefined {
    const swarm = this.#swarms.get(name)
    return swarm?.running === true ? swarm : undefined
  }

  /** Connect two running nodes and greet both; a success when they are connected already. */
  async connect(one: PeerName, other: PeerName): Promise<void> {
    const [left, right] = [this.find(one), this.find(other)]
    if (left === undefined || right === undefined || one === other) return
    if (left.refuses(other) || right.refuses(one) || this.linked(one, other)) return
    this.#links.add(linkName(one, other))
    await Promise.all([left.refresh(), right.refresh()])
    left.greet(right)
    right.greet(left)
  }

  disconnect(one: PeerName, other: PeerName): void {
    this.#links.delete(linkName(one, other))
  }

  linked(one: PeerName, other: PeerName): boolean {
    return this.#links.has(linkName(one, other))
  }

  neighbours(name: PeerName): readonly MemorySwarm[] {
    return [...this.#swarms.values()].filter(
      (swarm) => swarm.running && this.linked(name, swarm.peerId),
    )
  }

  /** Provider records, without proof that the peer has anything: tests may plant ghosts here. */
  addRecord(subject: ProviderSubject, peer: PeerName): void {
    const key = providerKey(subject)
    const peers = this.#records.get(key) ?? new Set()
    this.#records.set(key, peers.add(peer))
  }

  records(subject: ProviderSubject): readonly PeerName[] {
    return [...(this.#records.get(providerKey(subject)) ?? [])]
  }

  async joined(swarm: MemorySwarm): Promise<void> {
    this.donors.moved(swarm.peerId)
    if (!this.#autoConnect) return
    for (const other of this.#swarms.keys()) await this.connect(swarm.peerId, other)
  }

  left(swarm: MemorySwarm): void {
    this.donors.moved(swarm.peerId)
    for (const other of this.#swarms.keys()) this.disconnect(swarm.peerId, other)
  }
}

const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, delayMs)
    timer.unref()
    return {
      cancel() {
        clearTimeout(timer)
      },
    }
  },
}

function linkName(one: PeerName, other: PeerName): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`
}
