import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '@jarswarm/ports'
import type { Answer } from './answer.ts'
import { MAX_DRAINED_BYTES } from './limits.ts'
import { toReasonPhrase } from './reason-phrase.ts'

const DRAIN_MS = 2_000

/**
 * Answer a request whose body is not wanted, and end the connection.
 *
 * The refusal goes out at once. What the client already sent is read and dropped for a while, since closing a socket with
 * unread bytes resets it and the client may lose the refusal; but never without bound.
 */
export function refuseBody(
  exchange: { readonly request: IncomingMessage; readonly response: ServerResponse },
  answer: Answer,
  clock: Clock,
): void {
  const { request, response } = exchange
  const bytes = answer.body.kind === 'bytes' ? answer.body.bytes : new Uint8Array(0)
  const headers = {
    ...answer.headers,
    'Content-Length': String(bytes.length),
    Connection: 'close',
  }
  response.writeHead(answer.status, toReasonPhrase(answer.phrase ?? ''), headers)
  if (request.headers.expect !== undefined) {
    response.end(bytes)
    return
  }
  response.write(bytes)
  let drainedBytes = 0
  const end = (): void => {
    timer.cancel()
    response.end()
  }
  const timer = clock.setTimer(end, DRAIN_MS)
  request.on('data', (chunk: Uint8Array) => {
    drainedBytes += chunk.length
    if (drainedBytes > MAX_DRAINED_BYTES) end()
  })
  request.once('end', end)
  request.once('error', end)
  response.once('close', () => {
    timer.cancel()
  })
}
