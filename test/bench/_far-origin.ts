import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, normalize } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** A web server over a Maven tree, as far away as one says. */
export interface FarOrigin {
  /** With a trailing slash. */
  readonly url: string
  /** How long each request waits before it is looked at. */
  setDelay(delayMs: number): void
  /** Whether it is there; else connections are refused. */
  setReachable(isReachable: boolean): Promise<void>
  /** How many requests came so far. */
  requests(): number
  stop(): Promise<void>
}

/** Serve a tree on the loopback; at first without delay. */
export async function startFarOrigin(tree: string): Promise<FarOrigin> {
  let delayMs = 0
  let requests = 0
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    requests += 1
    if (delayMs > 0) await delay(delayMs)
    const file = join(tree, normalize(decodeURIComponent(incoming.url ?? '/')))
    const found = await stat(file).catch(() => undefined)
    if (found?.isFile() !== true) {
      outgoing.writeHead(404, { 'content-length': 0 }).end()
      return
    }
    const { start, end, isPart } = partOf(incoming.headers.range, found.size)
    outgoing.writeHead(isPart ? 206 : 200, {
      'content-length': end - start + 1,
      'last-modified': found.mtime.toUTCString(),
      ...(isPart ? { 'content-range': `bytes ${start}-${end}/${found.size}` } : {}),
    })
    if (incoming.method === 'HEAD' || found.size === 0) outgoing.end()
    else await pipeline(createReadStream(file, { start, end }), outgoing)
  }
  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const setReachable = async (isReachable: boolean): Promise<void> => {
    if (isReachable === server.listening) return
    if (isReachable) {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
      return
    }
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  return {
    url: `http://127.0.0.1:${String(port)}/`,
    setDelay: (ms) => {
      delayMs = ms
    },
    setReachable,
    requests: () => requests,
    stop: () => setReachable(false),
  }
}

/** First and last byte of what a `Range` header asks for; of the whole without one. */
function partOf(
  header: string | undefined,
  sizeBytes: number,
): { readonly start: number; readonly end: number; readonly isPart: boolean } {
  const range = /^bytes=(\d+)-(\d+)$/.exec(header ?? '')
  if (range === null) return { start: 0, end: sizeBytes - 1, isPart: false }
  return { start: Number(range[1]), end: Math.min(Number(range[2]), sizeBytes - 1), isPart: true }
}
