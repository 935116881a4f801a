import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Clock } from '@jarswarm/ports'
import { RefusedRequestError } from './errors.ts'
import { inTurn } from './in-turn.ts'
import { createReadServer } from './read-server.ts'
import type { ReadServerInit } from './read-server.ts'
import { refuseBody } from './refuse-body.ts'
import { toRefusal } from './refusal-answer.ts'
import { announcesBody, isReadMethod, refuseDoubtfulHead } from './request-guard.ts'
import { splitTarget } from './request-path.ts'

export interface GuardedServerComponents {
  readonly clock: Clock
  /** Given requests that read, and what follows the authority in their target: a path and perhaps a query. */
  readonly listener: (request: IncomingMessage, response: ServerResponse, path: string) => void
}

/**
 * A server of whatever stands at a path, as bounded as the endpoint's own listeners. Requests of one connection are
 * handed on in turn; one that is no read, has a body, or could be understood otherwise by a proxy is refused, and
 * ends its connection.
 */
export function createGuardedServer(
  { clock, listener }: GuardedServerComponents,
  init: ReadServerInit = {},
): Server {
  const guarded = (request: IncomingMessage, response: ServerResponse): void => {
    let path: string
    try {
      path = pathOfRead(request)
    } catch (error) {
      // Not at once: the parser may stumble in the same packet, and then answers by itself.
      queueMicrotask(() => {
        if (!response.destroyed) refuseBody({ request, response }, toRefusal(error), clock)
      })
      return
    }
    listener(request, response, path)
  }
  return createReadServer(inTurn(guarded), init)
}

/** @throws {RefusedRequestError} */
function pathOfRead(request: IncomingMessage): string {
  refuseDoubtfulHead(request)
  if (!isReadMethod(request.method))
    throw new RefusedRequestError(405, 'This server is read-only', { Allow: 'GET, HEAD' })
  if (announcesBody(request))
    throw new RefusedRequestError(400, 'Cannot read the request: found a body, wanted none')
  return splitTarget(request.url ?? '').path
}
