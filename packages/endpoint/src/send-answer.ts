import type { ArtifactContent, ByteRange } from '@jarswarm/ports'
import type { Answer } from './answer.ts'
import { BrokenBodyError } from './errors.ts'
import type { Exchange } from './exchange.ts'
import { toReasonPhrase } from './reason-phrase.ts'
import { untilAborted } from './until-aborted.ts'

/** Held back of a body on its way: at a byte every 3 s enough for the slowest source that counts as one. */
const RESERVE_BYTES = 32
const NOTHING: Uint8Array = new Uint8Array(0)

/**
 * Write an answer. HEAD gets the headers of GET and no body.
 *
 * A stream is released whatever happens. While nothing was written, a failure leaves the exchange open for
 * another answer; after that the caller must reset the connection.
 *
 * @returns body bytes written
 */
export async function sendAnswer(exchange: Exchange, answer: Answer): Promise<number> {
  const { body } = answer
  switch (body.kind) {
    case 'none':
      writeHead(exchange, answer, undefined)
      exchange.response.end()
      return 0
    case 'bytes':
      writeHead(exchange, answer, body.bytes.length)
      if (exchange.isHead) {
        exchange.response.end()
        return 0
      }
      exchange.response.end(body.bytes)
      return body.bytes.length
    case 'stream':
      try {
        return await sendStream(exchange, answer, body)
      } finally {
        body.content.release()
      }
  }
}

async function sendStream(
  exchange: Exchange,
  answer: Answer,
  body: { readonly content: ArtifactContent; readonly range: ByteRange },
): Promise<number> {
  const { content, range } = body
  if (exchange.isHead) {
    writeHead(exchange, answer, range.length)
    exchange.response.end()
    return 0
  }
  const chunks = content.read(range, { signal: exchange.signal })[Symbol.asyncIterator]()
  try {
    if (content.early === true) {
      writeHead(exchange, answer, range.length)
      exchange.response.flushHeaders()
      await pump(exchange, { content, chunks, wantedBytes: range.length })
    } else {
      // The first chunk comes before the status line: what cannot begin is told as 424, not by a reset.
      const first = await untilAborted(chunks.next(), exchange.signal)
      if (first.done === true || first.value.length > range.length) throw wrongLength(range)
      writeHead(exchange, answer, range.length)
      await pump(exchange, { content, chunks, first, wantedBytes: range.length })
    }
  } finally {
    // Not awaited: a source that stands still must not hold up the end of the exchange.
    chunks.return?.().then(undefined, () => undefined)
  }
  exchange.response.end()
  return range.length
}

/**
 * Write chunks as they come. Of a body whose rest is still on its way the last few bytes are held back, to be sent one
 * at a time while nothing else can be: a slow source is no reason for a client to leave.
 */
async function pump(
  exchange: Exchange,
  body: {
    readonly content: ArtifactContent
    readonly chunks: AsyncIterator<Uint8Array, unknown>
    readonly first?: IteratorResult<Uint8Array, unknown>
    readonly wantedBytes: number
  },
): Promise<void> {
  const { content, chunks, wantedBytes } = body
  const { response } = exchange
  let receivedBytes = 0
  let reserve = NOTHING
  const drip = (): boolean => {
    if (reserve.length === 0 || content.isArriving?.() !== true) return false
    response.write(reserve.subarray(0, 1))
    reserve = reserve.subarray(1)
    return true
  }
  for (let next = body.first; ; next = undefined) {
    next ??= await exchange.untilChunk(chunks.next(), drip)
    if (next.done === true) break
    receivedBytes += next.value.length
    if (receivedBytes > wantedBytes) throw wrongLength({ length: wantedBytes })
    const mayWait = content.isArriving !== undefined && receivedBytes < wantedBytes
    const cut = mayWait ? Math.max(next.value.length - RESERVE_BYTES, 0) : next.value.length
    if (reserve.length > 0) response.write(reserve)
    reserve = next.value.subarray(cut)
    if (!response.write(next.value.subarray(0, cut))) await exchange.untilDrained()
  }
  if (receivedBytes !== wantedBytes) throw wrongLength({ length: wantedBytes })
}

function wrongLength(range: { readonly length: number }): BrokenBodyError {
  return new BrokenBodyError(
    `Cannot send the body: the source did not end where it must, wanted ${range.length} bytes`,
  )
}

function writeHead(exchange: Exchange, answer: Answer, lengthBytes: number | undefined): void {
  exchange.decided()
  const { response } = exchange
  const headers =
    lengthBytes === undefined
      ? answer.headers
      : { ...answer.headers, 'Content-Length': String(lengthBytes) }
  if (answer.phrase === undefined) response.writeHead(answer.status, headers)
  else response.writeHead(answer.status, toReasonPhrase(answer.phrase), headers)
}
