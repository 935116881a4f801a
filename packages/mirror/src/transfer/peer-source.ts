import { NotHeldError } from '@jarswarm/ports'
import type { Clock, ExchangeRequest, PeerName, Swarm } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import type { Part, PartFetchOptions, PartSource } from './part.ts'
import { SLOW_BYTES_PER_SECOND } from './flight.ts'
import type { PeerStandings } from './peer-standings.ts'

/** Requests for pieces of a blob that one peer gets at a time: 1 MiB, half of what the exchange lets stand open. */
export const BLOB_LANES = 4
/** Requests for index objects that one peer gets at a time; they are small, and there are many. */
export const OBJECT_LANES = 32
/** Least time before a peer counts as slow: a busy machine hesitates for so long. */
export const MIN_PEER_PATIENCE_MS = 250
/** The same where nobody waits: when it comes, it comes cheaper than from an upstream that everybody asks. */
export const MIN_UNHURRIED_PATIENCE_MS = 3_000
/** Round trip of a peer that was not measured yet. */
const UNKNOWN_ROUND_TRIP_MS = 150

export interface PeerSourceComponents {
  readonly swarm: Swarm
  readonly clock: Clock
  /** Told what comes of asking. */
  readonly standings: PeerStandings
}

export interface PeerSourceInit {
  readonly peer: PeerName
  readonly repository: RepositoryId
  /** Digest of the blob whose pieces are wanted; undefined when the parts are objects. */
  readonly blob: string | undefined
  /** Whether it said that it holds it, so that lacking it tells something. @defaultValue true */
  readonly claimed?: boolean
  /** Called when it says that it does not have what it is asked for. */
  readonly onLacking?: () => void
  /** Whether nobody waits for what is asked. @defaultValue false */
  readonly unhurried?: boolean
}

/** A connected peer, asked over the exchange. */
export class PeerSource implements PartSource {
  readonly kind = 'peer'
  readonly name: string
  readonly peer: PeerName
  readonly lanes: number
  readonly maxRun = 1
  readonly allOrNothing: boolean
  readonly #components: PeerSourceComponents
  readonly #init: PeerSourceInit
  readonly #roundTripMs: number

  constructor(components: PeerSourceComponents, init: PeerSourceInit) {
    this.#components = components
    this.#init = init
    this.peer = init.peer
    this.name = `peer ${init.peer.slice(-8)}`
    this.lanes = init.blob === undefined ? OBJECT_LANES : BLOB_LANES
    this.allOrNothing = init.blob !== undefined
    this.#roundTripMs = components.swarm.roundTripMs(init.peer) ?? UNKNOWN_ROUND_TRIP_MS
  }

  patienceMs(part: Part): number {
    // The answer comes in one: the time it takes on a slow line counts from the start. Objects are mostly small.
    const expectedBytes = this.#init.blob === undefined ? 0 : part.length
    const transferMs = (expectedBytes * 1_000) / (SLOW_BYTES_PER_SECOND * 8)
    const leastMs = this.#init.unhurried === true ? MIN_UNHURRIED_PATIENCE_MS : MIN_PEER_PATIENCE_MS
    return Math.max(leastMs, this.#roundTripMs * 3) + transferMs
  }

  async *fetch(run: readonly Part[], options: PartFetchOptions): AsyncGenerator<Uint8Array> {
    const { repository, blob } = this.#init
    for (const part of run) {
      const { digest, offset, length } = part
      const request =
        blob === undefined
          ? ({ kind: 'object', repository, digest } as const)
          : ({ kind: 'blob', repository, digest: blob, offset, length } as const)
      yield await this.#ask(request, part, options.signal)
    }
  }

  credit(): void {
    this.#components.standings.gave(this.peer)
  }

  blame(): void {
    this.#components.standings.letDown(this.peer)
    this.#components.swarm.reportWrongBytes(this.peer)
  }

  async #ask(request: ExchangeRequest, part: Part, signal: AbortSignal): Promise<Uint8Array> {
    const { swarm, clock, standings } = this.#components
    const lateMs = clock.monotonicMs() + this.patienceMs(part)
    try {
      return await swarm.request(this.peer, request, { signal })
    } catch (error) {
      const isLacking = error instanceof NotHeldError
      if (isLacking) this.#init.onLacking?.()
      // Who is cut off in time, because another was quicker or nobody waits any more, did nothing wrong.
      const isItsFault = signal.aborted
        ? clock.monotonicMs() >= lateMs
        : !isLacking || this.#init.claimed !== false
      if (isItsFault) standings.letDown(this.peer)
      throw error
    }
  }
}
