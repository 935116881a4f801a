import type { Digest, IndexEntry } from '@jarswarm/manifest'
import type { Clock, PeerName, Swarm } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { createHash } from 'node:crypto'
import PQueue from 'p-queue'
import type { BlobFetcher } from '../fetch/blob-fetcher.ts'
import type { FetchPurpose } from '../fetch/fetch-options.ts'
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
/** How long a node may have nothing to do until more than one may ask: others hear of a head later, and may be busy. */
export const TURN_PATIENCE_MS = 5_000
/** After all that is kept was gone through, nothing is for so many times as long. */
const PASS_SHARE = 3
/** So much of what is waited for must come meanwhile: each hundredth file. */
const ENOUGH_SHARE = 0.01
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
  /**
   * Fetches a file from whoever may have it, or from those alone who claim it; never rejects.
   *
   * @returns false when those that claim it did not give it
   */
  readonly fetch: (entry: IndexEntry, purpose: FillPurpose) => Promise<boolean>
  /** Number of the head that a file is new in, or 0: who has all of an older one does not claim it. */
  readonly leastSeqOf: (entry: Pick<IndexEntry, 'digest'>) => number
  /** Ends everything but what is under way. */
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
 * meanwhile. When little comes any more, neighbours do not want it or cannot have it, and twice as many may ask for
 * each file as before, each second until enough comes. Nobody is told anything.
 */
export class FillTurns {
  readonly #components: FillTurnsComponents
  readonly #init: FillTurnsInit
  readonly #fromPeers = new PQueue({ concurrency: FILL_PARALLEL })
  readonly #smallFromPeers = new PQueue({ concurrency: FILL_PARALLEL_NEAR })
  readonly #fromUpstreams = new PQueue({ concurrency: FILL_PARALLEL })
  #kept: IndexEntry[] = []
  /** Files that did not come from who claimed them. At most those that are kept or fetched. */
  readonly #wrongClaims = new Map<Digest, WrongClaim>()
  /** What each neighbour draws with, and when they were looked up. */
  #neighbours: ReadonlyMap<PeerName, number> = new Map()
  #lookedUpMs = Number.NEGATIVE_INFINITY
  readonly #ownNumber: number
  #mayAsk: number
  /** Files that came from others, and the time without anything else to do, since that was last judged. */
  #came = 0
  #idleMs = 0
  /** Time spent on waiting for what was begun before, in all. */
  #waitedMs = 0

  constructor(components: FillTurnsComponents, init: FillTurnsInit) {
    this.#components = components
    this.#init = init
    this.#ownNumber = numberOf(components.swarm.peerId)
    this.#mayAsk = init.mayAsk ?? 1
  }

  /** Fetch a file, now or later; waits while there are as many as are kept. */
  async add(entry: IndexEntry): Promise<void> {
    if (await this.#begin(entry)) return
    if (await this.#components.fetcher.isStored(entry)) return
    this.#kept.push(entry)
    if (this.#kept.length >= MAX_KEPT_FOR_OTHERS) await this.#goOn(MAX_KEPT_FOR_OTHERS / 2)
  }

  /** Fetch all that is left; resolves when nothing is under way. */
  async end(): Promise<void> {
    // What did not come from who claimed it is kept again.
    do {
      await this.#goOn(0)
      await orAborted(this.#idle(), this.#init.signal)
    } while (this.#kept.length > 0)
  }

  /** What is under way has come; the rest is let go of. */
  async abandon(): Promise<void> {
    this.#kept = []
    for (const lane of this.#lanes) lane.clear()
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
      const sinceMs = clock.monotonicMs() - this.#waitedMs
      const kept = this.#kept
      this.#kept = []
      for (const entry of kept) if (!(await this.#begin(entry))) this.#kept.push(entry)
      if (this.#kept.length <= room) continue
      // Going through thousands of files must not be all that a busy machine does.
      const tookMs = clock.monotonicMs() - this.#waitedMs - sinceMs
      await pause(clock, Math.max(CLAIMS_PAUSE_MS, PASS_SHARE * tookMs), signal)
      this.#judge()
    }
  }

  #judge(): void {
    if (this.#fromUpstreams.size + this.#fromUpstreams.pending > 0) return
    this.#idleMs += CLAIMS_PAUSE_MS
    if (this.#idleMs < TURN_PATIENCE_MS) return
    if (this.#came >= this.#kept.length * ENOUGH_SHARE) {
      this.#beginAnew()
      return
    }
    this.#mayAsk *= 2
    // Who waited in vain is not patient again.
    this.#idleMs -= CLAIMS_PAUSE_MS
    this.#came = 0
  }

  /** Others bring enough. */
  #beginAnew(): void {
    this.#mayAsk = this.#init.mayAsk ?? 1
    this.#idleMs = 0
    this.#came = 0
  }

  /** Begin to fetch a file, unless others may bring it. */
  async #begin(entry: IndexEntry): Promise<boolean> {
    if (this.#isClaimed(entry)) {
      // A large one keeps several requests and pieces in memory by itself.
      const lane = entry.pieceList === undefined ? this.#smallFromPeers : this.#fromPeers
      await this.#roomIn(lane, FILL_PARALLEL)
      this.#enter(lane, () => this.#takeClaimed(entry))
      return true
    }
    this.#lookUpNeighbours()
    const takesTurns = this.#mayAsk <= this.#neighbours.size
    const own = takesTurns ? drawOf(entry, this.#ownNumber) : 0
    // An upstream that fails now may be back before all others gave up.
    const hasSource = (): boolean =>
      this.#components.fetcher.hasSource(entry, this.#init.leastSeqOf(entry))
    const isOurs = !takesTurns || (this.#isOurTurn(entry, own) && hasSource())
    if (!isOurs) return false
    // What peers have goes on meanwhile.
    await this.#roomIn(this.#fromUpstreams, MAX_KEPT_FOR_OTHERS)
    this.#wrongClaims.delete(entry.digest)
    this.#fromUpstreams.concurrency = takesTurns ? FILL_PARALLEL_IN_TURN : FILL_PARALLEL
    this.#enter(this.#fromUpstreams, () => this.#init.fetch(entry, 'fill'), -own)
    return true
  }

  async #roomIn(lane: PQueue, room: number): Promise<void> {
    const { clock } = this.#components
    const beganMs = clock.monotonicMs()
    await orAborted(lane.onSizeLessThan(room), this.#init.signal)
    this.#waitedMs += clock.monotonicMs() - beganMs
  }

  #enter(lane: PQueue, task: () => Promise<unknown>, priority = 0): void {
    const { signal } = this.#init
    void lane.add(() => (signal.aborted ? undefined : task()), { priority })
  }

  #isClaimed({ digest }: IndexEntry): boolean {
    const { clock, fetcher } = this.#components
    const wrong = this.#wrongClaims.get(digest)
    if (wrong !== undefined && clock.monotonicMs() < wrong.untilMs) return false
    return fetcher.hasClaimant({ digest }, this.#init.leastSeqOf({ digest }))
  }

  async #takeClaimed(entry: IndexEntry): Promise<void> {
    const { digest } = entry
    if (await this.#init.fetch(entry, 'claimed')) {
      this.#came += 1
      if (this.#came >= MAX_KEPT_FOR_OTHERS * ENOUGH_SHARE) this.#beginAnew()
      this.#wrongClaims.delete(digest)
      return
    }
    const waitMs = 2 * (this.#wrongClaims.get(digest)?.waitMs ?? CLAIMS_PAUSE_MS / 2)
    const untilMs = this.#components.clock.monotonicMs() + waitMs
    this.#wrongClaims.set(digest, { waitMs, untilMs })
    this.#kept.push(entry)
  }

  #isOurTurn(entry: IndexEntry, own: number): boolean {
    let before = 0
    for (const number of this.#neighbours.values()) {
      if (drawOf(entry, number) < own) before += 1
      if (before >= this.#mayAsk) return false
    }
    return true
  }

  #lookUpNeighbours(): void {
    const { clock, swarm } = this.#components
    const nowMs = clock.monotonicMs()
    if (nowMs - this.#lookedUpMs < CLAIMS_PAUSE_MS) return
    this.#lookedUpMs = nowMs
    const before = this.#neighbours
    const followers = swarm.followers(this.#init.repository)
    this.#neighbours = new Map(followers.map((peer) => [peer, before.get(peer) ?? numberOf(peer)]))
  }
}

/** What a node drew for a file: the least comes first. */
function drawOf({ digest }: IndexEntry, number: number): number {
  return mixed(Number.parseInt(digest.slice(0, DRAW_DIGITS), 16) ^ number)
}

function numberOf(peer: PeerName): number {
  return createHash('sha256').update(peer).digest().readUInt32BE()
}

/** The finalizer of MurmurHash3: each bit of what it is given changes about half of the bits. */
function mixed(number: number): number {
  let mix = Math.imul(number ^ (number >>> 16), 0x85ebca6b)
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35)
  return (mix ^ (mix >>> 16)) >>> 0
}
