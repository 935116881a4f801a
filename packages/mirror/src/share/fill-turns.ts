import type { IndexEntry } from '@jarswarm/manifest'
import type { Clock, PeerName, Swarm } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { createHash } from 'node:crypto'
import PQueue from 'p-queue'
import type { BlobFetcher } from '../fetch/blob-fetcher.ts'
import { MAX_KEPT_FOR_OTHERS } from '../limits.ts'
import { orAborted } from '../wait/deadline.ts'
import { pause } from '../wait/pause.ts'

/** Files fetched ahead at a time: enough to fill a line from several peers, and little for one origin. */
export const FILL_PARALLEL = 8
/** Small files fetched ahead at a time while connected peers claim them: each waits longer for the disk than for the way. */
export const FILL_PARALLEL_NEAR = 32
/** Peers are told once a second what came. */
export const CLAIMS_PAUSE_MS = 1_000
/** Words of a digest that draws are made of. */
const DRAW_DIGITS = 8

export interface FillTurnsComponents {
  readonly swarm: Swarm
  readonly fetcher: BlobFetcher
  readonly clock: Clock
}

export interface FillTurnsInit {
  readonly repository: RepositoryId
  /** Fetches a file; never rejects. */
  readonly fetch: (entry: IndexEntry) => Promise<void>
  readonly signal: AbortSignal
  /** How many of the neighbourhood may ask an upstream for a file, to begin with. @defaultValue 1 */
  readonly mayAsk?: number
}

/**
 * Who asks an upstream for which file, so that the neighbours who want the same take it from there about once: what a
 * peer claims comes from peers; for the rest each node begins with the files that rendezvous hashing gives it among its
 * neighbours, and the others bring theirs. When nothing comes any more, neighbours do not want it or cannot have it,
 * and twice as many may ask for each file as before. Nobody is told anything, and nothing is waited for by more than
 * a second for each doubling.
 */
export class FillTurns {
  readonly #components: FillTurnsComponents
  readonly #init: FillTurnsInit
  readonly #fromPeers = new PQueue({ concurrency: FILL_PARALLEL })
  readonly #smallFromPeers = new PQueue({ concurrency: FILL_PARALLEL_NEAR })
  readonly #fromUpstreams = new PQueue({ concurrency: FILL_PARALLEL })
  readonly #draws = new Map<PeerName, number>()
  #kept: IndexEntry[] = []
  #mayAsk: number

  constructor(components: FillTurnsComponents, init: FillTurnsInit) {
    this.#components = components
    this.#init = init
    this.#mayAsk = init.mayAsk ?? 1
  }

  /** Fetch a file, now or later; waits while there are as many as are kept. */
  async add(entry: IndexEntry): Promise<void> {
    if (await this.#begin(entry)) return
    this.#kept.push(entry)
    if (this.#kept.length >= MAX_KEPT_FOR_OTHERS) await this.#goOn(MAX_KEPT_FOR_OTHERS / 2)
  }

  /** Fetch all that is left; resolves when nothing is under way. */
  async end(): Promise<void> {
    await this.#goOn(0)
    await this.#idle()
  }

  /** What is under way has come; the rest is let go of. */
  async abandon(): Promise<void> {
    this.#kept = []
    this.#fromUpstreams.clear()
    await this.#idle()
  }

  async #idle(): Promise<void> {
    const lanes = [this.#fromPeers, this.#smallFromPeers, this.#fromUpstreams]
    await Promise.all(lanes.map((lane) => lane.onIdle()))
  }

  async #goOn(room: number): Promise<void> {
    const { clock } = this.#components
    const { signal } = this.#init
    while (this.#kept.length > room) {
      signal.throwIfAborted()
      const kept = this.#kept
      this.#kept = []
      for (const entry of kept) if (!(await this.#begin(entry))) this.#kept.push(entry)
      if (this.#kept.length < kept.length) continue
      const isIdle = this.#fromUpstreams.size === 0 && this.#fromUpstreams.pending === 0
      await pause(clock, CLAIMS_PAUSE_MS, signal)
      if (isIdle) this.#mayAsk *= 2
    }
  }

  /** @returns false when it is not this node's turn */
  async #begin(entry: IndexEntry): Promise<boolean> {
    const { fetcher } = this.#components
    if (fetcher.hasClaimant(entry) || !fetcher.hasSource(entry)) {
      // A large one keeps several requests and pieces in memory by itself.
      const isSmall = entry.pieceList === undefined
      await this.#enter(isSmall ? this.#smallFromPeers : this.#fromPeers, entry, FILL_PARALLEL)
      return true
    }
    if (!this.#isOurTurn(entry) && !(await fetcher.isStored(entry))) return false
    // What peers have goes on meanwhile.
    await this.#enter(this.#fromUpstreams, entry, MAX_KEPT_FOR_OTHERS)
    return true
  }

  async #enter(queue: PQueue, entry: IndexEntry, room: number): Promise<void> {
    await orAborted(queue.onSizeLessThan(room), this.#init.signal)
    void queue.add(() => this.#init.fetch(entry))
  }

  #isOurTurn({ digest }: IndexEntry): boolean {
    const { swarm } = this.#components
    const followers = swarm.followers(this.#init.repository)
    if (followers.length < this.#mayAsk) return true
    const number = Number.parseInt(digest.slice(0, DRAW_DIGITS), 16)
    const own = mixed(number ^ this.#drawOf(swarm.peerId))
    let before = 0
    for (const peer of followers) {
      if (mixed(number ^ this.#drawOf(peer)) < own) before += 1
      if (before >= this.#mayAsk) return false
    }
    return true
  }

  #drawOf(peer: PeerName): number {
    const known = this.#draws.get(peer)
    if (known !== undefined) return known
    const drawn = createHash('sha256').update(peer).digest().readUInt32BE()
    this.#draws.set(peer, drawn)
    return drawn
  }
}

/** The finalizer of MurmurHash3: each bit of what it is given changes about half of the bits. */
function mixed(number: number): number {
  let mix = Math.imul(number ^ (number >>> 16), 0x85ebca6b)
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35)
  return (mix ^ (mix >>> 16)) >>> 0
}
