import type { Stream } from '@libp2p/interface'
import { NotHeldError, SourceUnavailableError, TruncatedError } from '@jarswarm/ports'
import type { Clock } from '@jarswarm/ports'
import { pipe } from 'it-pipe'
import { abortable } from '../abortable.ts'
import type { Waiter } from '../abortable.ts'
import {
  MAX_OPEN_BYTES,
  MAX_OPEN_REQUESTS,
  MAX_WAITING_REQUESTS,
  SLOWEST_BYTES_PER_SECOND,
  WRITE_STALL_MS,
} from '../limits.ts'
import { ANSWER_BASE_MS } from '../pace.ts'
import { ProtocolError } from './errors.ts'
import { decodeFrames, encodeFrames } from './frames.ts'
import { gatherFrames } from './gather-frames.ts'
import { formatRequest, parseAnswer, STATUS } from './message.ts'
import type { AnswerFrame, RequestFrame } from './message.ts'
import { Outbox } from './outbox.ts'
import { streamSink, streamSource } from './stream-iterables.ts'
import type { Chunk } from './stream-iterables.ts'

/** A request without its id, which the lane gives. */
export interface LaneRequest extends Omit<RequestFrame, 'id'> {
  /** For messages: `blob ab12…`. */
  readonly what: string
  /** What the answer counts for in the bound of open bytes. */
  readonly costBytes: number
  /** The answer's exact length, or undefined when only `maxBytes` is known. */
  readonly exactBytes: number | undefined
  readonly maxBytes: number
}

interface Pending {
  readonly request: LaneRequest
  readonly waiter: Waiter<Uint8Array>
  /** Cleared when the answer no longer interests: its caller gave up. */
  wanted: boolean
  deadlineMs: number
}

export interface RequestLaneComponents {
  readonly clock: Clock
  /** Opens the stream; called again after it was lost. */
  readonly open: () => Promise<Stream>
}

/**
 * One long-lived stream on which we ask, and on which the peer only answers. Requests are pipelined: up to
 * `MAX_OPEN_REQUESTS` and `MAX_OPEN_BYTES` stand open, the others wait in order.
 */
export class RequestLane {
  readonly #clock: Clock
  readonly #open: () => Promise<Stream>
  readonly #silenceMs: number
  readonly #waiting: Pending[] = []
  readonly #pending = new Map<number, Pending>()
  #openBytes = 0
  #nextId = 1
  #stream: Stream | undefined
  #opening = false
  #closed: Error | undefined
  #outbox = new Outbox<Uint8Array>()
  #lastByteMs = 0
  #watch: { cancel(): void } | undefined

  constructor(components: RequestLaneComponents, init: { readonly silenceMs: number }) {
    this.#clock = components.clock
    this.#open = components.open
    this.#silenceMs = init.silenceMs
  }

  /** Requests open or waiting. */
  get load(): number {
    return this.#pending.size + this.#waiting.length
  }

  /** Ask, and wait for the answer's payload; an abort ends this wait and nothing else. */
  ask(request: LaneRequest, signal: AbortSignal | undefined): Promise<Uint8Array> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed)
    if (this.#waiting.length >= MAX_WAITING_REQUESTS) {
      return Promise.reject(unavailable(request.what, 'too many requests wait for this peer'))
    }
    return abortable(signal, (waiter) => {
      const pending: Pending = { request, waiter, wanted: true, deadlineMs: Infinity }
      this.#waiting.push(pending)
      this.#pump()
      return () => {
        pending.wanted = false
        const at = this.#waiting.indexOf(pending)
        if (at >= 0) this.#waiting.splice(at, 1)
      }
    })
  }

  /** Cut the stream and fail what is open or waiting, now and later. */
  close(error: Error): void {
    this.#closed = error
    this.#lose(error)
    for (const { waiter } of this.#waiting.splice(0)) waiter.reject(error)
  }

  #pump(): void {
    if (this.#waiting.length === 0 || this.#closed !== undefined) return
    if (this.#stream === undefined) {
      void this.#connect()
      return
    }
    while (this.#pending.size < MAX_OPEN_REQUESTS) {
      const next = this.#waiting[0]
      if (next === undefined) return
      const openBytes = this.#openBytes + next.request.costBytes
      if (this.#pending.size > 0 && openBytes > MAX_OPEN_BYTES) return
      this.#waiting.shift()
      this.#send(next, openBytes)
    }
  }

  #send(pending: Pending, openBytes: number): void {
    const now = this.#clock.monotonicMs()
    if (this.#pending.size === 0) this.#lastByteMs = now
    const id = this.#nextId
    this.#nextId = (id % 0xffff_ffff) + 1
    this.#openBytes = openBytes
    pending.deadlineMs = now + ANSWER_BASE_MS + (openBytes / SLOWEST_BYTES_PER_SECOND) * 1_000
    this.#pending.set(id, pending)
    this.#outbox.put(formatRequest({ ...pending.request, id }))
    this.#arm()
  }

  async #connect(): Promise<void> {
    if (this.#opening) return
    this.#opening = true
    try {
      const stream = await this.#open()
      if (this.#isClosed(stream)) return
      this.#stream = stream
      this.#outbox = new Outbox()
      void this.#run(stream, this.#outbox)
    } catch (error) {
      for (const { request, waiter } of this.#waiting.splice(0)) {
        waiter.reject(unavailable(request.what, 'the peer cannot be reached', error))
      }
    } finally {
      this.#opening = false
    }
    this.#pump()
  }

  /** Whether the lane was closed while the stream was opened; cuts it then. */
  #isClosed(stream: Stream): boolean {
    if (this.#closed === undefined) return false
    stream.abort(this.#closed)
    return true
  }

  async #run(stream: Stream, outbox: Outbox<Uint8Array>): Promise<void> {
    const write = pipe(
      outbox,
      encodeFrames,
      gatherFrames,
      streamSink(stream, { clock: this.#clock, stallMs: WRITE_STALL_MS }),
    )
    const read = pipe(
      streamSource(stream),
      (source) => this.#noteBytes(source),
      decodeFrames,
      (source) => this.#receive(source),
    )
    try {
      await Promise.race([write.then(() => read), read])
      this.#lose(new TruncatedError('Cannot read the answer: the stream ended before it'), stream)
    } catch (error) {
      this.#lose(asLaneError(error), stream)
    }
    await Promise.allSettled([write, read])
  }

  async *#noteBytes(source: AsyncIterable<Chunk>): AsyncGenerator<Chunk> {
    for await (const chunk of source) {
      this.#lastByteMs = this.#clock.monotonicMs()
      yield chunk
    }
  }

  async #receive(source: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const frame of source) {
      const answer = parseAnswer(frame)
      const pending = answer === undefined ? undefined : this.#pending.get(answer.id)
      if (answer === undefined || pending === undefined) {
        throw new ProtocolError('Cannot take the answer: nothing was asked under its number')
      }
      this.#pending.delete(answer.id)
      this.#openBytes -= pending.request.costBytes
      settle(pending, answer)
      this.#pump()
    }
  }

  /** Watch for silence while anything is open. */
  #arm(): void {
    if (this.#watch !== undefined || this.#pending.size === 0) return
    this.#watch = this.#clock.setTimer(() => {
      this.#watch = undefined
      const now = this.#clock.monotonicMs()
      const silent = now - this.#lastByteMs >= this.#silenceMs
      const late = [...this.#pending.values()].some(({ deadlineMs }) => now > deadlineMs)
      if (this.#pending.size > 0 && (silent || late)) {
        this.#lose(new SourceUnavailableError('Cannot read the answer: the peer is silent'))
      } else this.#arm()
    }, this.#silenceMs)
  }

  /** Fail what is open and forget the stream; what waits tries a new one. */
  #lose(error: Error, stream: Stream | undefined = this.#stream): void {
    if (stream === undefined || stream !== this.#stream) return
    this.#stream = undefined
    this.#outbox.end()
    stream.abort(error)
    this.#watch?.cancel()
    this.#watch = undefined
    const failed = [...this.#pending.values()]
    this.#pending.clear()
    this.#openBytes = 0
    for (const { waiter } of failed) waiter.reject(error)
    this.#pump()
  }
}

function settle({ request, wanted, waiter }: Pending, answer: AnswerFrame): void {
  const { length } = answer.payload
  const { what, exactBytes, maxBytes } = request
  if (!wanted) return
  if (answer.status === STATUS.notHeld) {
    waiter.reject(new NotHeldError(`Cannot get ${what}: the peer does not hold it`))
  } else if (answer.status !== STATUS.ok) {
    waiter.reject(unavailable(what, `the peer answered with status ${String(answer.status)}`))
  } else if (exactBytes !== undefined && length < exactBytes) {
    const found = `found ${String(length)} bytes, wanted ${String(exactBytes)}`
    waiter.reject(new TruncatedError(`Cannot get ${what}: ${found}`))
  } else if (length > (exactBytes ?? maxBytes)) {
    const wanted = String(exactBytes ?? maxBytes)
    waiter.reject(unavailable(what, `found ${String(length)} bytes, wanted at most ${wanted}`))
  } else waiter.resolve(answer.payload)
}

function unavailable(what: string, why: string, cause?: unknown): SourceUnavailableError {
  return new SourceUnavailableError(`Cannot get ${what}: ${why}`, { cause })
}

/** A frame that was cut off is a truncated answer; all else means that the peer cannot answer. */
function asLaneError(error: unknown): Error {
  if (error instanceof SourceUnavailableError) return error
  if (error instanceof Error && error.name === 'UnexpectedEOFError') {
    return new TruncatedError('Cannot read the answer: the stream ended within it', {
      cause: error,
    })
  }
  return new SourceUnavailableError('Cannot read the answer: the stream broke', { cause: error })
}
