import type { IndexEntry } from '@jarswarm/manifest'
import { projectOf } from '@jarswarm/maven'
import type { Clock, Logger, PeerName, Swarm, Upstream, UpstreamHealth } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { PeerSource } from '../transfer/peer-source.ts'
import type { PartSource } from '../transfer/part.ts'
import { UpstreamSource } from '../transfer/upstream-source.ts'
import { startDeadline } from '../wait/deadline.ts'
import { PeerQueue } from './peer-queue.ts'

/** What the DHT gets ahead of an upstream that fails or is slow, and of peers that claim nothing. */
export const SWARM_HEAD_START_MS = 1_500
/** Claimants asked for a large blob at the same time. */
export const MAX_PEERS_AT_ONCE = 4
/** Peers asked in all for one blob: more would be a flood, and fewer claims are wrong. */
export const MAX_PEERS_PER_BLOB = 16
/** Of these, peers that claim nothing: they leave room for those that the DHT names late. */
export const MAX_FOLLOWERS_PER_BLOB = 8
/** Longest look into the DHT for one blob. */
export const LOOKUP_TIMEOUT_MS = 6_000

export interface SourcePlanComponents {
  readonly swarm: Swarm
  readonly upstreams: readonly Upstream[]
  readonly clock: Clock
  readonly logger: Logger
}

export interface SourcePlanInit {
  readonly repository: RepositoryId
  readonly entry: IndexEntry
  /** Whether to look into the DHT; a background fill does not, for it would look for every file. */
  readonly lookUp: boolean
}

/**
 * Who is asked for one blob, and in which order: connected claimants, nearest first; then healthy upstreams with
 * the DHT beside them; upstreams that fail or are slow only after the DHT had a head start; then peers that follow
 * the repository and claim nothing, for a summary may lag; at last whom the DHT names late.
 */
export class SourcePlan {
  readonly #components: SourcePlanComponents
  readonly #init: SourcePlanInit
  readonly #asked = new Set<PeerName>()
  readonly #upstreams: Upstream[]
  #found: PeerQueue | undefined
  #headStartOver = false
  #followersAsked = 0

  constructor(components: SourcePlanComponents, init: SourcePlanInit) {
    this.#components = components
    this.#init = init
    this.#upstreams = [...components.upstreams].sort(byPromise)
  }

  /** Claimants to begin with; several, so that a large blob comes from all of them. */
  first(): readonly PartSource[] {
    const sources: PartSource[] = []
    while (sources.length < MAX_PEERS_AT_ONCE) {
      const source = this.#nextClaimant()
      if (source === undefined) break
      sources.push(source)
    }
    return sources
  }

  /** The next one to ask, or undefined when all were named. */
  async next(signal: AbortSignal): Promise<PartSource | undefined> {
    const claimant = this.#nextClaimant()
    if (claimant !== undefined) return claimant
    this.#lookUp(signal)
    const [best] = this.#upstreams
    if (best !== undefined && isPromising(best.health())) return this.#nextUpstream()
    const found = await this.#nextFound(signal)
    if (found !== undefined) return found
    if (this.#upstreams.length > 0) return this.#nextUpstream()
    return this.#nextFollower() ?? (await this.#takeFound(signal))
  }

  #nextClaimant(): PartSource | undefined {
    const { repository, entry } = this.#init
    return this.#nextPeer(this.#components.swarm.claimants(repository, entry.digest))
  }

  #nextFollower(): PartSource | undefined {
    if (this.#followersAsked >= MAX_FOLLOWERS_PER_BLOB) return undefined
    this.#followersAsked += 1
    return this.#nextPeer(this.#components.swarm.followers(this.#init.repository))
  }

  #nextPeer(candidates: readonly PeerName[]): PartSource | undefined {
    if (this.#asked.size >= MAX_PEERS_PER_BLOB) return undefined
    const peer = candidates.find((candidate) => !this.#asked.has(candidate))
    if (peer === undefined) return undefined
    this.#asked.add(peer)
    const { repository, entry } = this.#init
    return new PeerSource(this.#components, { peer, repository, blob: entry.digest })
  }

  #nextUpstream(): PartSource | undefined {
    const upstream = this.#upstreams.shift()
    if (upstream === undefined) return undefined
    return new UpstreamSource({ upstream, logger: this.#components.logger }, this.#init.entry)
  }

  /** A peer that the DHT named during its head start; undefined from when that is over. */
  async #nextFound(signal: AbortSignal): Promise<PartSource | undefined> {
    if (this.#found === undefined || this.#headStartOver) return undefined
    const deadline = startDeadline(this.#components.clock, {
      timeoutMs: SWARM_HEAD_START_MS,
      reason: 'the head start is over',
      parents: [signal],
    })
    const source = await this.#takeFound(deadline.signal)
    deadline.end()
    this.#headStartOver = source === undefined
    return source
  }

  /** The next peer that the DHT names; undefined when it names no more, or the signal came first. */
  async #takeFound(signal: AbortSignal): Promise<PartSource | undefined> {
    for (;;) {
      const peer = await this.#found?.next(signal)
      if (peer === undefined) return undefined
      const source = this.#nextPeer([peer])
      if (source !== undefined) return source
    }
  }

  /** Begin to look into the DHT; once, and never before somebody connected was asked. */
  #lookUp(signal: AbortSignal): void {
    if (this.#found !== undefined || !this.#init.lookUp) return
    const { repository, entry } = this.#init
    const { swarm, clock, logger } = this.#components
    const subjects = [
      { repository, project: projectOf(entry.path) },
      { repository, project: undefined },
    ]
    this.#found = new PeerQueue({ swarm, clock, logger }, LOOKUP_TIMEOUT_MS)
    this.#found.search(subjects, signal)
  }
}

/** Whether to ask an upstream at once: it works, and does not just now take twice its usual time. */
function isPromising(health: UpstreamHealth): boolean {
  return (
    health.healthy &&
    (health.medianMs === undefined || health.waitingMs <= health.medianMs * 2 + 250)
  )
}

function byPromise(a: Upstream, b: Upstream): number {
  return Number(isPromising(b.health())) - Number(isPromising(a.health()))
}
