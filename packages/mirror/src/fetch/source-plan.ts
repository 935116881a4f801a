import { PIECE_BYTES } from '@jarswarm/manifest'
import type { IndexEntry } from '@jarswarm/manifest'
import { isMutablePath, projectOf } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import type { Clock, Logger, PeerName, Swarm } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { MAX_DONORS_PER_BLOB } from '../donate/limits.ts'
import {
  MAX_CLAIMANTS_PER_BLOB,
  MAX_FOLLOWERS_PER_BLOB,
  MAX_FURTHER_CLAIMANTS,
  MAX_PEERS_AT_ONCE,
  MAX_PEERS_PER_BLOB,
} from '../limits.ts'
import { PeerSource } from '../transfer/peer-source.ts'
import type { PeerStandings } from '../transfer/peer-standings.ts'
import type { PartSource } from '../transfer/part.ts'
import { UPSTREAM_RUN, UpstreamSource } from '../transfer/upstream-source.ts'
import type { UpstreamSet } from '../upstreams/upstream-set.ts'
import type { UpstreamStanding } from '../upstreams/upstream-standing.ts'
import { startDeadline } from '../wait/deadline.ts'
import { PeerQueue } from './peer-queue.ts'

/** What the DHT gets ahead of an upstream that fails or is slow, and of peers that claim nothing. */
export const SWARM_HEAD_START_MS = 1_500
/** Claimants that are asked before all others though they mostly let us down: on a busy machine all do. */
const DOUBTFUL_CLAIMANTS = 2
/** Peers asked for one blob that have all of an older head than the one in use, and may lack what is new; the rest come last of all. */
const OLDER_CLAIMANTS = 2
/** Longest look into the DHT for one blob. */
export const LOOKUP_TIMEOUT_MS = 6_000
/** Mirrors that give pieces of a large blob beside the best upstream; they take load off it, and it off them. */
export const MAX_COMPANIONS = 2
/** Size from which it pays to take pieces from several upstreams: two requests to one. */
const LARGE_BYTES = 2 * UPSTREAM_RUN * PIECE_BYTES
/** A companion is at most so many times as far away as the best. */
const COMPANION_RATIO = 2

export interface SourcePlanComponents {
  readonly swarm: Swarm
  readonly upstreams: UpstreamSet
  readonly clock: Clock
  readonly logger: Logger
  readonly standings: PeerStandings
  /** Donors that say that they keep a file; they are connected to when they are asked. @defaultValue nobody */
  readonly donorsOf?: ((path: RepositoryPath) => readonly PeerName[]) | undefined
}

export interface SourcePlanInit {
  readonly repository: RepositoryId
  readonly entry: IndexEntry
  /** Whether to look into the DHT; a background fill does not, for it would look for every file. */
  readonly lookUp: boolean
  /** Whether nobody waits: donors are asked before origin and mirrors, and peers are given time. @defaultValue false */
  readonly sparesUpstreams?: boolean
  /** Whether nobody else is asked than who says that it has the file: peers that claim it, and donors. @defaultValue false */
  readonly claimedOnly?: boolean
  /** What peers say that they hold of an older head is no claim: the file may be newer. @defaultValue any head counts */
  readonly leastSeq?: number | undefined
  /** Number of the head in use: who has all of an older one may lack what is new, and never said otherwise. */
  readonly headSeq: number
}

/**
 * Who is asked for one blob, and in which order: connected claimants, those that gave something lately before all others
 * and else the nearest first, and after them who has all of an older head; then healthy upstreams with
 * the DHT beside them; upstreams that fail or are slow only after the file's donors, after further claimants, and after the DHT
 * had a head start;
 * then peers that follow
 * the repository and claim nothing, for a summary may lag; at last whom the DHT names late, and claimants that mostly
 * let us down.
 */
export class SourcePlan {
  readonly #components: SourcePlanComponents
  readonly #init: SourcePlanInit
  readonly #asked = new Set<PeerName>()
  readonly #upstreams: UpstreamStanding[]
  #isNarrow: boolean
  #found: PeerQueue | undefined
  #headStartOver = false
  #claimantsAsked = 0
  #olderAsked = 0
  #followersAsked = 0
  #donorsAsked = 0

  constructor(components: SourcePlanComponents, init: SourcePlanInit) {
    this.#components = components
    this.#init = init
    const { upstreams } = components
    this.#isNarrow = init.claimedOnly ?? false
    // Mutable files are read from `blobs/`, which a plain mirror does not have.
    const isPublished = isMutablePath(init.entry.path)
    this.#upstreams = [...(isPublished ? upstreams.rankedPublishers() : upstreams.ranked())]
  }

  /** Whether nobody but who claims it, and donors, is asked. */
  get isNarrow(): boolean {
    return this.#isNarrow
  }

  /** From now on everybody is asked. */
  widen(): void {
    this.#isNarrow = false
  }

  /** Claimants to begin with; several, so that a large blob comes from all of them, and no more than there are parts. */
  first(parts: number): readonly PartSource[] {
    return this.#takeClaimants(MAX_CLAIMANTS_PER_BLOB, Math.min(parts, MAX_PEERS_AT_ONCE))
  }

  /** Whom to ask next, several for a large blob; nobody when all were named. */
  async next(signal: AbortSignal): Promise<readonly PartSource[]> {
    const claimant = this.#nextClaimant(MAX_CLAIMANTS_PER_BLOB)
    if (claimant !== undefined) return [claimant]
    this.#lookUp(signal)
    const [best] = this.#upstreams
    const donor = this.#nextDonor(best)
    if (donor !== undefined) return [donor]
    if (this.#isNarrow) return []
    if (best?.promising === true) return this.#takeUpstreams(1 + this.#companionsOf(best))
    const most = MAX_CLAIMANTS_PER_BLOB + MAX_FURTHER_CLAIMANTS
    const further = this.#takeClaimants(most, MAX_PEERS_AT_ONCE)
    if (further.length > 0) return further
    const found = await this.#nextFound(signal)
    if (found !== undefined) return [found]
    if (this.#upstreams.length > 0) return this.#takeUpstreams(1)
    const last =
      this.#nextFollower() ??
      (await this.#takeFound(signal)) ??
      this.#nextAmongClaimants(() => true, MAX_PEERS_PER_BLOB)
    return last === undefined ? [] : [last]
  }

  /** @param most claimants asked in all, these included */
  #takeClaimants(most: number, atOnce: number): readonly PartSource[] {
    const sources: PartSource[] = []
    while (sources.length < atOnce) {
      const source = this.#nextClaimant(most)
      if (source === undefined) break
      sources.push(source)
    }
    return sources
  }

  #nextClaimant(most: number): PartSource | undefined {
    if (this.#claimantsAsked >= most) return undefined
    const { standings } = this.#components
    const mayBeDoubtful = this.#claimantsAsked < DOUBTFUL_CLAIMANTS
    const isAsked = (peer: PeerName): boolean => mayBeDoubtful || !standings.isDoubtful(peer)
    const source = this.#nextAmongClaimants(isAsked)
    // Looking in vain is not asking: who claims it later has a place left.
    if (source !== undefined) this.#claimantsAsked += 1
    return source
  }

  /** Those first that say that they have this very blob, or all of the head in use; who mostly let us down after all others. */
  #nextAmongClaimants(
    isAsked: (peer: PeerName) => boolean,
    mostOlder = OLDER_CLAIMANTS,
  ): PartSource | undefined {
    const { repository, entry, leastSeq, headSeq } = this.#init
    const { swarm, standings } = this.#components
    const claimants = swarm.claimants(repository, entry.digest, leastSeq).filter(isAsked)
    const sure = new Set(swarm.claimants(repository, entry.digest, headSeq))
    for (const isDoubted of [false, true]) {
      const some = claimants.filter((peer) => standings.isDoubtful(peer) === isDoubted)
      const saysSo = some.filter((peer) => sure.has(peer))
      const older = some.filter((peer) => !sure.has(peer))
      const source = this.#nextPeer(saysSo, true) ?? this.#nextOlder(older, mostOlder)
      if (source !== undefined) return source
    }
    return undefined
  }

  /** Of those that have all of an older head: to lack a file is no fault of theirs, so that a crowd of them may cost no more. */
  #nextOlder(peers: readonly PeerName[], most: number): PartSource | undefined {
    if (this.#olderAsked >= most) return undefined
    const source = this.#nextPeer(peers, false)
    if (source !== undefined) this.#olderAsked += 1
    return source
  }

  /** A donor, unless somebody waits who is served as well by an upstream. */
  #nextDonor(best: UpstreamStanding | undefined): PartSource | undefined {
    if (best?.promising === true && this.#init.sparesUpstreams !== true) return undefined
    if (this.#donorsAsked >= MAX_DONORS_PER_BLOB) return undefined
    const donors = this.#components.donorsOf?.(this.#init.entry.path) ?? []
    const source = this.#nextPeer(donors, true)
    if (source !== undefined) this.#donorsAsked += 1
    return source
  }

  #nextFollower(): PartSource | undefined {
    if (this.#followersAsked >= MAX_FOLLOWERS_PER_BLOB) return undefined
    const source = this.#nextPeer(this.#components.swarm.followers(this.#init.repository), false)
    if (source !== undefined) this.#followersAsked += 1
    return source
  }

  #nextPeer(candidates: readonly PeerName[], claimed: boolean): PartSource | undefined {
    if (this.#asked.size >= MAX_PEERS_PER_BLOB) return undefined
    const { standings } = this.#components
    const peer = standings.ranked(candidates).find((candidate) => !this.#asked.has(candidate))
    if (peer === undefined) return undefined
    this.#asked.add(peer)
    const { repository, entry, sparesUpstreams = false } = this.#init
    const unhurried = sparesUpstreams && !standings.isDoubtful(peer)
    this.#components.logger.debug({ path: entry.path, peer, claimed }, 'asking a peer')
    const init = { peer, repository, blob: entry.digest, claimed, unhurried }
    return new PeerSource(this.#components, init)
  }

  #takeUpstreams(count: number): readonly PartSource[] {
    const taken = this.#upstreams.splice(0, count)
    return taken.map((standing) => new UpstreamSource(standing, this.#init.entry))
  }

  /** How many of those behind the best share a large blob with it; the origin is spared while a mirror is better. */
  #companionsOf(best: UpstreamStanding): number {
    if (this.#init.entry.sizeBytes <= LARGE_BYTES) return 0
    const behind = this.#upstreams.slice(1, 1 + MAX_COMPANIONS)
    const end = behind.findIndex(
      (one) =>
        one.upstream.kind !== 'mirror' ||
        !one.promising ||
        one.costMs > best.costMs * COMPANION_RATIO,
    )
    return end < 0 ? behind.length : end
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
      const source = this.#nextPeer([peer], false)
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
