import type { Stream } from '@libp2p/interface'
import { SourceUnavailableError } from '@jarswarm/ports'
import type { Clock, PeerName } from '@jarswarm/ports'
import { MAX_KNOWN_PEERS } from '../limits.ts'
import { KIND } from './message.ts'
import { RequestLane } from './request-lane.ts'
import type { LaneRequest } from './request-lane.ts'

export interface RequesterComponents {
  readonly clock: Clock
  /** Open an exchange stream to a peer, dialling it when needed. */
  readonly openStream: (peer: PeerName) => Promise<Stream>
}

/** The two lanes to one peer: blobs do not hold up what is small and urgent. */
interface Lanes {
  readonly blobs: RequestLane
  readonly others: RequestLane
}

/** Asks peers, over at most two streams each. */
export class Requester {
  readonly #components: RequesterComponents
  readonly #silenceMs: number
  readonly #lanes = new Map<PeerName, Lanes>()
  #receivedBytes = 0
  #stopped = false

  constructor(components: RequesterComponents, init: { readonly silenceMs: number }) {
    this.#components = components
    this.#silenceMs = init.silenceMs
  }

  /** Payload bytes received since construction. */
  get receivedBytes(): number {
    return this.#receivedBytes
  }

  async ask(peer: PeerName, request: LaneRequest, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted()
    if (this.#stopped) {
      throw new SourceUnavailableError(`Cannot get ${request.what}: the swarm has stopped`)
    }
    const lanes = this.#lanesTo(peer)
    const lane = request.kind === KIND.blob ? lanes.blobs : lanes.others
    const bytes = await lane.ask(request, signal)
    this.#receivedBytes += bytes.length
    return bytes
  }

  /** Whether nothing is open to the peer, so that the next round trip measures the way and not a queue. */
  idle(peer: PeerName): boolean {
    const lanes = this.#lanes.get(peer)
    return lanes === undefined || (lanes.blobs.load === 0 && lanes.others.load === 0)
  }

  /** The peer is gone: fail what is open. */
  drop(peer: PeerName): void {
    const lanes = this.#lanes.get(peer)
    if (lanes === undefined) return
    this.#lanes.delete(peer)
    const error = new SourceUnavailableError(`Cannot read the answer: peer ${peer} disconnected`)
    lanes.blobs.close(error)
    lanes.others.close(error)
  }

  stop(): void {
    this.#stopped = true
    for (const peer of [...this.#lanes.keys()]) this.drop(peer)
  }

  #lanesTo(peer: PeerName): Lanes {
    let lanes = this.#lanes.get(peer)
    if (lanes === undefined) {
      if (this.#lanes.size >= MAX_KNOWN_PEERS) this.#dropIdle()
      lanes = { blobs: this.#lane(peer), others: this.#lane(peer) }
      this.#lanes.set(peer, lanes)
    }
    return lanes
  }

  /** Peers that were asked once and could not be reached leave lanes behind. */
  #dropIdle(): void {
    for (const peer of [...this.#lanes.keys()]) if (this.idle(peer)) this.drop(peer)
  }

  #lane(peer: PeerName): RequestLane {
    const { clock, openStream } = this.#components
    return new RequestLane({ clock, open: () => openStream(peer) }, { silenceMs: this.#silenceMs })
  }
}
