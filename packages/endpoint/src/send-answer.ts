import type { ArtifactContent, ByteRange } from '@jarswarm/ports'
import type { Answer } from './answer.ts'
import { BrokenBodyError } from './errors.ts'
import type { Exchange } from './exchange.ts'
import { toReasonPhrase } from './reason-phrase.ts'
import { untilAborted } from './until-aborted.ts'

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
    // The first chunk comes before the status line: what cannot begin is told as 424, not by a reset.
    const first = await untilAborted(chunks.next(), exchange.signal)
    if (first.done === true || first.value.length > range.length) throw wrongLength(range)
    writeHead(exchange, answer, range.length)
    await pump(exchange, { chunks, first: first.value, wantedBytes: range.length })
  } finally {
    // Not awaited: a source that stands still must not hold up the end of the exchange.
    chunks.return?.().then(undefined, () => undefined)
  }
  exchange.response.end()
  return range.length
}

async function pump(
  exchange: Exchange,
  body: {
    readonly chunks: AsyncIterator<Uint8Array, unknown>
    readonly first: Uint8Array
    readonly wantedBytes: number
  },
): Promise<void> {
  let sentBytes = body.first.length
  if (!exchange.response.write(body.first)) await exchange.untilDrained()
  for (;;) {
    const next = await exchange.untilChunk(body.chunks.next())
    if (next.done === true) break
    sentBytes += next.value.length
    if (sentBytes > body.wantedBytes) throw wrongLength({ length: body.wantedBytes })
    if (!exchange.response.write(next.value)) await exchange.untilDrained()
  }
  if (sentBytes !== body.wantedBytes) throw wrongLength({ length: body.wantedBytes })
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
