import type { Digest, IndexEntry } from '@jarswarm/manifest'
import type { Clock, PeerName, Swarm } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { createHash } from 'node:crypto'
import PQueue from 'p-queue'
import type { BlobFetcher, FetchPurpose } from '../fetch/blob-fetcher.ts'
import { MAX_KEPT_FOR_OTHERS } from '../limits.ts'
import { orAborted } from '../wait/deadline.ts'
import { pause } from '../wait/pause.ts'

/** Files fetched ahead at a time: enough to fill a line from several peers, and little for one origin. */
export const FILL_PARALLEL = 8
/** Small files fetched ahead at a time while connected peers claim them: each waits longer for the disk than for the way. */
export const FILL_PARALLEL_NEAR = 32
/** Files asked of upstreams at a time while neighbours take turns: together they fill its line, and what is asked for later has come meanwhile. */
export const FILL_PARALLEL_IN_TURN = 4
/** Peers are told once a second what came. */
export const CLAIMS_PAUSE_MS = 1_000
/** How long nothing may come from others until more than one may ask: they hear of a head later, and may be busy. */
export const TURN_PATIENCE_MS = 5_000
/** Words of a digest that draws are made of. */
const DRAW_DIGITS = 8

export interface FillTurnsComponents {
  readonly swarm: Swarm
  readonly fetcher: BlobFetcher
  readonly clock: Clock
}

export type FillPurpose = Extract<FetchPurpose, 'fill' | 'claimed'>

export interface FillTurnsInit {
  readonly repository: RepositoryId
  /** Fetches a file from whoever may have it, or from who claims it alone; says whether it came, and never rejects. */
  readonly fetch: (entry: IndexEntry, purpose: FillPurpose) => Promise<boolean>
  readonly signal: AbortSignal
  /** How many of the neighbourhood may ask an upstream for a file, to begin with. @defaultValue 1 */
  readonly mayAsk?: number
}

/** Until when the claims of a file count for nothing, and how long that is; each wrong one doubles it. */
interface WrongClaim {
  readonly untilMs: number
  readonly waitMs: number
}

/**
 * Who asks an upstream for which file, so that the neighbours who want the same take it from there about once: what a
 * peer claims comes from peers; for the rest each node begins with the files that rendezvous hashing gives it among its
 * neighbours, and the others bring theirs. A neighbour of theirs may be none of ours, and then a file has several whose turn
 * it is; each begins with those that it drew best, which are most likely its own in the whole swarm, and the rest come
 * meanwhile. When nothing comes any more, neighbours do not want it or cannot have it, and twice as many may ask for
 * each file as before, each second until something comes. Nobody is told anything.
 */
export class FillTurns {
  readonly #components: FillTurnsComponents
  readonly #init: FillTurnsInit
  readonly #fromPeers = new PQueue({ concurrency: FILL_PARALLEL })
  readonly #smallFromPeers = new PQueue({ concurrency: FILL_PARALLEL_NEAR })
  readonly #fromUpstreams = new PQueue({ concurrency: FILL_PARALLEL })
  readonly #numbers = new Map<PeerName, number>()
  #kept: IndexEntry[] = []
  /** Files that did not come from who claimed them: who had everything has not heard yet that there is more. */
  readonly #wrongClaims = new Map<Digest, WrongClaim>()
  #mayAsk: number
  /** How long there was nothing to do since something last came from others. */
  #quietMs = 0

  constructor(components: FillTurnsComponents, init: FillTurnsInit) {
    this.#components = components
    this.#init = init
    this.#mayAsk = init.mayAsk ?? 1
  }

  /** Fetch a file, now or later; waits while there are as many as are kept. */
  async add(entry: IndexEntry): Promise<void> {
    await this.#begin(entry)
    if (this.#kept.length >= MAX_KEPT_FOR_OTHERS) await this.#goOn(MAX_KEPT_FOR_OTHERS / 2)
  }

  /** Fetch all that is left; resolves when nothing is under way. */
  async end(): Promise<void> {
    // What did not come from who claimed it is kept again.
    do {
      await this.#goOn(0)
      await this.#idle()
    } while (this.#kept.length > 0)
  }

  /** What is under way has come; the rest is let go of. */
  async abandon(): Promise<void> {
    this.#kept = []
    this.#fromUpstreams.clear()
    await this.#idle()
  }

  get #lanes(): readonly PQueue[] {
    return [this.#fromPeers, this.#smallFromPeers, this.#fromUpstreams]
  }

  async #idle(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.onIdle()))
  }

  async #goOn(room: number): Promise<void> {
    const { clock } = this.#components
    const { signal } = this.#init
    while (this.#kept.length > room) {
      signal.throwIfAborted()
      const kept = this.#kept
      this.#kept = []
      for (const entry of kept) await this.#begin(entry)
      if (this.#kept.length < kept.length) continue
      const isIdle = this.#lanes.every(({ size, pending }) => size + pending === 0)
      await pause(clock, CLAIMS_PAUSE_MS, signal)
      if (isIdle) this.#quietMs += CLAIMS_PAUSE_MS
      if (this.#quietMs >= TURN_PATIENCE_MS) this.#mayAsk *= 2
    }
  }

  /** Fetch a file, or keep it back while others may bring it. */
  async #begin(entry: IndexEntry): Promise<void> {
    const { fetcher, swarm } = this.#components
    if (this.#isClaimed(entry)) {
      // A large one keeps several requests and pieces in memory by itself.
      const lane = entry.pieceList === undefined ? this.#smallFromPeers : this.#fromPeers
      await orAborted(lane.onSizeLessThan(FILL_PARALLEL), this.#init.signal)
      void lane.add(() => this.#takeClaimed(entry))
      return
    }
    const followers = swarm.followers(this.#init.repository)
    const own = this.#draw(entry, swarm.peerId)
    const isAlone = followers.length < this.#mayAsk || this.#mayAsk > 1
    // An upstream that fails now may be back, or be spared, before all others gave up.
    const mayCome = isAlone || fetcher.hasSource(entry)
    const isOurs = mayCome && this.#isOurTurn(entry, own, followers)
    if (!isOurs && !(await fetcher.isStored(entry))) {
      this.#kept.push(entry)
      return
    }
    // What peers have goes on meanwhile.
    const { signal } = this.#init
    await orAborted(this.#fromUpstreams.onSizeLessThan(MAX_KEPT_FOR_OTHERS), signal)
    this.#wrongClaims.delete(entry.digest)
    this.#fromUpstreams.concurrency = isAlone ? FILL_PARALLEL : FILL_PARALLEL_IN_TURN
    void this.#fromUpstreams.add(() => this.#init.fetch(entry, 'fill'), { priority: -own })
  }

  #isClaimed({ digest }: IndexEntry): boolean {
    const { clock, fetcher } = this.#components
    const wrong = this.#wrongClaims.get(digest)
    if (wrong !== undefined && clock.monotonicMs() < wrong.untilMs) return false
    return fetcher.hasClaimant({ digest })
  }

  async #takeClaimed(entry: IndexEntry): Promise<void> {
    const { digest } = entry
    if (await this.#init.fetch(entry, 'claimed')) {
      this.#quietMs = 0
      this.#wrongClaims.delete(digest)
      return
    }
    const waitMs = 2 * (this.#wrongClaims.get(digest)?.waitMs ?? CLAIMS_PAUSE_MS / 2)
    const untilMs = this.#components.clock.monotonicMs() + waitMs
    this.#wrongClaims.set(digest, { waitMs, untilMs })
    this.#kept.push(entry)
  }

  #isOurTurn(entry: IndexEntry, own: number, followers: readonly PeerName[]): boolean {
    if (followers.length < this.#mayAsk) return true
    let before = 0
    for (const peer of followers) {
      if (this.#draw(entry, peer) < own) before += 1
      if (before >= this.#mayAsk) return false
    }
    return true
  }

  /** What a node drew for a file: the least comes first. */
  #draw({ digest }: IndexEntry, peer: PeerName): number {
    return mixed(Number.parseInt(digest.slice(0, DRAW_DIGITS), 16) ^ this.#numberOf(peer))
  }

  #numberOf(peer: PeerName): number {
    const known = this.#numbers.get(peer)
    if (known !== undefined) return known
    const number = createHash('sha256').update(peer).digest().readUInt32BE()
    this.#numbers.set(peer, number)
    return number
  }
}

/** The finalizer of MurmurHash3: each bit of what it is given changes about half of the bits. */
function mixed(number: number): number {
  let mix = Math.imul(number ^ (number >>> 16), 0x85ebca6b)
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35)
  return (mix ^ (mix >>> 16)) >>> 0
}
