import type { Digest } from '@jarswarm/manifest'
import type { PeerName, PeerStatus } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { Claims, claimOf } from './holdings/claims.ts'
import type { Summary } from './holdings/summary.ts'
import { MAX_KNOWN_PEERS } from './limits.ts'

/** How much a new round trip counts against the average of those before. */
const NEW_SAMPLE_WEIGHT = 0.25

/** What is known of one peer. */
export interface PeerEntry {
  readonly peer: PeerName
  addresses: readonly string[]
  connected: boolean
  /** On this machine or a private network. */
  local: boolean
  /** It has been greeted on this connection. */
  greeted: boolean
  /** It only introduces others. */
  bootstrap: boolean
  repositories: ReadonlySet<RepositoryId>
  readonly claims: Map<RepositoryId, Claims>
  roundTripMs: number | undefined
}

/** The peers met since start: who follows what, who claims what, how far away they are. */
export class PeerBook {
  readonly #entries = new Map<PeerName, PeerEntry>()

  /** Note that a peer is connected. */
  connected(peer: PeerName, address: string, local: boolean): PeerEntry {
    const entry = this.#entries.get(peer) ?? newEntry(peer)
    entry.addresses = [address]
    entry.connected = true
    entry.local = local
    this.#entries.delete(peer)
    this.#entries.set(peer, entry)
    this.#forgetOldest()
    return entry
  }

  /** The peer is gone; what it claimed may change before it returns. */
  disconnected(peer: PeerName): void {
    const entry = this.#entries.get(peer)
    if (entry === undefined) return
    entry.connected = false
    entry.greeted = false
    entry.claims.clear()
  }

  /** Whether a peer was last seen on this machine or a private network. */
  isLocal(peer: PeerName): boolean {
    return this.#entries.get(peer)?.local === true
  }

  get(peer: PeerName): PeerEntry | undefined {
    return this.#entries.get(peer)
  }

  /** Take in a summary; does nothing for a peer that has left. */
  summarize(peer: PeerName, repository: RepositoryId, summary: Summary): void {
    const entry = this.#entries.get(peer)
    if (entry?.connected !== true) return
    let claims = entry.claims.get(repository)
    if (claims === undefined || summary.reset) {
      claims = new Claims()
      entry.claims.set(repository, claims)
    }
    claims.completeToSeq = summary.completeToSeq
    claims.apply(summary)
  }

  measured(peer: PeerName, roundTripMs: number): void {
    const entry = this.#entries.get(peer)
    if (entry === undefined) return
    const before = entry.roundTripMs ?? roundTripMs
    entry.roundTripMs = before + (roundTripMs - before) * NEW_SAMPLE_WEIGHT
  }

  /** Connected and greeted followers, nearest first: local ones before all others. */
  followers(repository: RepositoryId): readonly PeerEntry[] {
    return this.#nearest((entry) => follows(entry, repository))
  }

  /** Of the followers those that claim a blob, or all of a head that is no older than the least. */
  claimants(repository: RepositoryId, digest: Digest, leastSeq?: number): readonly PeerEntry[] {
    const claim = claimOf(digest)
    return this.#nearest(
      (entry) =>
        entry.claims.get(repository)?.has(claim, leastSeq) === true && follows(entry, repository),
    )
  }

  statuses(ours: readonly RepositoryId[], banned: (peer: PeerName) => boolean): PeerStatus[] {
    return [...this.#entries.values()].sort(byNearness).map((entry) => ({
      peer: entry.peer,
      addresses: entry.addresses,
      connected: entry.connected,
      repositories: ours.filter((id) => entry.repositories.has(id)),
      roundTripMs: entry.roundTripMs,
      local: entry.local,
      banned: banned(entry.peer),
    }))
  }

  /** Picked before they are put in order: a mirror asks of thousands of files whether anybody claims them. */
  #nearest(isWanted: (entry: PeerEntry) => boolean): readonly PeerEntry[] {
    const wanted: PeerEntry[] = []
    for (const entry of this.#entries.values()) if (isWanted(entry)) wanted.push(entry)
    return wanted.sort(byNearness)
  }

  #forgetOldest(): void {
    if (this.#entries.size <= MAX_KNOWN_PEERS) return
    for (const entry of this.#entries.values()) {
      if (entry.connected) continue
      this.#entries.delete(entry.peer)
      return
    }
  }
}

function newEntry(peer: PeerName): PeerEntry {
  return {
    peer,
    addresses: [],
    connected: false,
    local: false,
    greeted: false,
    bootstrap: false,
    repositories: new Set(),
    claims: new Map(),
    roundTripMs: undefined,
  }
}

function byNearness(one: PeerEntry, other: PeerEntry): number {
  return (
    Number(other.connected) - Number(one.connected) ||
    Number(other.local) - Number(one.local) ||
    (one.roundTripMs ?? Number.MAX_VALUE) - (other.roundTripMs ?? Number.MAX_VALUE)
  )
}

function follows({ greeted, repositories }: PeerEntry, repository: RepositoryId): boolean {
  return greeted && repositories.has(repository)
}
