import type { Stream } from '@libp2p/interface'
import type { Clock, Logger, PeerName } from '@jarswarm/ports'
import { pipe } from 'it-pipe'
import type { Uint8ArrayList } from 'uint8arraylist'
import {
  MAX_ANSWERS_IN_WORK,
  MAX_INBOUND_STREAMS,
  MAX_OPEN_REQUESTS,
  MAX_REQUESTS_PER_SECOND,
  WRITE_STALL_MS,
} from '../limits.ts'
import { ProtocolError } from './errors.ts'
import { decodeFrames, encodeFrames } from './frames.ts'
import { gatherFrames } from './gather-frames.ts'
import { emptyPayload, formatAnswer, parseRequest, STATUS } from './message.ts'
import type { RequestFrame } from './message.ts'
import { parallelMap } from './parallel-map.ts'
import { RequestRate } from './request-rate.ts'
import { streamSink, streamSource } from './stream-iterables.ts'

/** What a request is answered with. */
export interface Reply {
  readonly status: number
  readonly payload: Uint8Array
}

/** Answers one request of a peer; whatever it throws is answered as busy. */
export type Answerer = (peer: PeerName, request: RequestFrame) => Promise<Reply>

export interface ResponderComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly answer: Answerer
}

/** A reply without payload. */
export function refusal(status: number): Reply {
  return { status, payload: emptyPayload() }
}

/** Serves the streams that peers open: reads requests, answers each, sends nothing else. */
export class Responder {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #answer: Answerer
  readonly #streams = new Map<PeerName, Set<Stream>>()
  readonly #rates = new Map<PeerName, RequestRate>()
  #sentBytes = 0

  constructor(components: ResponderComponents) {
    this.#clock = components.clock
    this.#logger = components.logger
    this.#answer = components.answer
  }

  /** Payload bytes sent since construction. */
  get sentBytes(): number {
    return this.#sentBytes
  }

  /** Serve one stream until it ends. Never rejects. */
  async serve(peer: PeerName, stream: Stream): Promise<void> {
    const streams = this.#streams.get(peer) ?? new Set()
    if (streams.size >= MAX_INBOUND_STREAMS) {
      stream.abort(new ProtocolError('Cannot serve one more stream: the peer has too many open'))
      return
    }
    this.#streams.set(peer, streams.add(stream))
    try {
      await pipe(
        streamSource(stream),
        decodeFrames,
        (source) =>
          parallelMap(source, (frame) => this.#respond(peer, frame), {
            concurrency: MAX_ANSWERS_IN_WORK,
            maxPending: MAX_OPEN_REQUESTS,
          }),
        encodeFrames,
        gatherFrames,
        streamSink(stream, { clock: this.#clock, stallMs: WRITE_STALL_MS }),
      )
    } catch (error) {
      this.#logger.debug({ peer, error }, 'exchange stream was cut')
      stream.abort(error instanceof Error ? error : new Error(String(error)))
    } finally {
      streams.delete(stream)
      if (streams.size === 0) {
        this.#streams.delete(peer)
        this.#rates.delete(peer)
      }
    }
  }

  /** Cut all streams. */
  stop(): void {
    for (const streams of this.#streams.values()) {
      for (const stream of streams) stream.abort(new Error('The node stops'))
    }
  }

  async #respond(peer: PeerName, frame: Uint8Array): Promise<Uint8ArrayList> {
    const request = parseRequest(frame)
    if (request === undefined) throw new ProtocolError('Cannot read the request: it is too short')
    const reply = this.#rate(peer).take() ? await this.#reply(peer, request) : refusal(STATUS.busy)
    this.#sentBytes += reply.payload.length
    return formatAnswer({ ...reply, id: request.id })
  }

  async #reply(peer: PeerName, request: RequestFrame): Promise<Reply> {
    try {
      return await this.#answer(peer, request)
    } catch (error) {
      if (error instanceof RangeError) return refusal(STATUS.badRequest)
      this.#logger.warn({ peer, kind: request.kind, error }, 'a request could not be answered')
      return refusal(STATUS.busy)
    }
  }

  #rate(peer: PeerName): RequestRate {
    const rate = this.#rates.get(peer) ?? new RequestRate(this.#clock, MAX_REQUESTS_PER_SECOND)
    this.#rates.set(peer, rate)
    return rate
  }
}
