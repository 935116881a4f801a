/**
 * The one place that touches streams of libp2p. A stream is an event target there; here it becomes the two
 * ends of a pipeline of iterables.
 *
 * Reading has no back-pressure: what arrives is queued. It is bounded by the protocol, for nobody sends what
 * was not asked for, and whoever does is cut by the reader of the frames.
 */
import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'
import type { Clock } from '@jarswarm/ports'
import { SourceUnavailableError } from '@jarswarm/ports'
import type { Uint8ArrayList } from 'uint8arraylist'

export type Chunk = Uint8Array | Uint8ArrayList

const FINISHED = new Set(['closed', 'aborted', 'reset'])

/** What arrives on a stream, until the other side ends it; throws when the stream is reset. */
export async function* streamSource(stream: Stream): AsyncGenerator<Chunk> {
  const queue: Chunk[] = []
  let ended = stream.readableEnded || FINISHED.has(stream.status)
  let failure: Error | undefined
  let wake = Promise.withResolvers<undefined>()
  const notify = (): void => {
    wake.resolve(undefined)
    wake = Promise.withResolvers()
  }
  const onMessage = (event: StreamMessageEvent): void => {
    queue.push(event.data)
    notify()
  }
  const onEnd = (): void => {
    ended = true
    notify()
  }
  const onClose = (event: StreamCloseEvent): void => {
    failure = event.error
    onEnd()
  }
  stream.addEventListener('message', onMessage)
  stream.addEventListener('end', onEnd)
  stream.addEventListener('close', onClose)
  try {
    for (;;) {
      const chunk = queue.shift()
      if (chunk !== undefined) yield chunk
      else if (failure !== undefined) throw failure
      else if (ended) return
      else await wake.promise
    }
  } finally {
    stream.removeEventListener('message', onMessage)
    stream.removeEventListener('end', onEnd)
    stream.removeEventListener('close', onClose)
  }
}

export interface StreamSinkInit {
  readonly clock: Clock
  /** The stream is cut when the other side takes nothing for so long. */
  readonly stallMs: number
}

/** Sends each chunk, and takes the next one only when the send buffer is empty again; closes at the end. */
export function streamSink(
  stream: Stream,
  init: StreamSinkInit,
): (source: AsyncIterable<Chunk>) => Promise<void> {
  return async (source) => {
    for await (const chunk of source) {
      stream.send(chunk)
      if (stream.writeBufferLength > 0) await flushed(stream, init)
    }
    await stream.close({ signal: AbortSignal.timeout(init.stallMs) })
  }
}

/** Wait until all that was sent has left; `onDrain()` would resolve at once after the first time. */
function flushed(stream: Stream, init: StreamSinkInit): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      timer.cancel()
      stream.removeEventListener('idle', onIdle)
      stream.removeEventListener('close', onClose)
      if (error === undefined) resolve()
      else reject(error)
    }
    const onIdle = (): void => {
      settle()
    }
    const onClose = (event: StreamCloseEvent): void => {
      settle(event.error ?? new SourceUnavailableError('Cannot write to the stream: it was closed'))
    }
    const timer = init.clock.setTimer(() => {
      const found = `no byte taken for ${String(init.stallMs)} ms`
      settle(new SourceUnavailableError(`Cannot write to the stream: ${found}`))
    }, init.stallMs)
    stream.addEventListener('idle', onIdle)
    stream.addEventListener('close', onClose)
  })
}
