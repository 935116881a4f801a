import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { MAX_WAITING_REQUESTS } from './limits.ts'

type Listener = (request: IncomingMessage, response: ServerResponse) => void
type Waiting = readonly [request: IncomingMessage, response: ServerResponse]

/**
 * Hand the requests of a connection on one at a time, each once the answer before it has gone out.
 *
 * The parser hands on at once all that came in one packet, which may be hundreds: each would open its file and fill its buffer while the first is
 * still being sent. A connection on which more wait than its bound is closed.
 */
export function inTurn(listener: Listener): Listener {
  /** What waits on each connection; there is a list while an answer is being made. */
  const queues = new WeakMap<Socket, Waiting[]>()
  const take = (socket: Socket, [request, response]: Waiting): void => {
    response.once('close', () => {
      const next = queues.get(socket)?.shift()
      if (next === undefined || socket.destroyed) queues.delete(socket)
      else take(socket, next)
    })
    listener(request, response)
  }
  return (request, response) => {
    const { socket } = request
    if (socket.destroyed) return
    const queue = queues.get(socket)
    if (queue === undefined) {
      queues.set(socket, [])
      take(socket, [request, response])
    } else if (queue.length < MAX_WAITING_REQUESTS) queue.push([request, response])
    else socket.destroy()
  }
}
