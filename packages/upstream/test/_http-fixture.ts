import { wrongBytes } from '@jarswarm/testkit'
import type { UpstreamBehaviour, UpstreamFixture } from '@jarswarm/testkit'
import type { Clock } from '@jarswarm/ports'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { HttpUpstream } from '../src/index.ts'

/** The real time; HttpUpstream plans only probes with it. */
export const realClock: Clock = {
  now: () => performance.now(),
  monotonicMs: () => performance.now(),
  setTimer: (callback, delayMs) => {
    const timer = setTimeout(callback, delayMs).unref()
    return {
      cancel: () => {
        clearTimeout(timer)
      },
    }
  },
}

export interface HttpFixture extends UpstreamFixture {
  readonly upstream: HttpUpstream
  /** Paths and headers of the requests that arrived. */
  readonly seen: IncomingMessage[]
}

/** A server on 127.0.0.1 with its own listener, and an upstream that reads from it. */
export async function serve(
  listener: RequestListener,
  init: { readonly clock?: Clock } = {},
): Promise<HttpFixture> {
  const seen: IncomingMessage[] = []
  let behaviour: UpstreamBehaviour = 'healthy'
  const server: Server = createServer((request, response) => {
    seen.push(request)
    if (behaviour === 'refusing') request.socket.destroy()
    else if (behaviour === 'failing') response.writeHead(503).end()
    else if (behaviour !== 'silent') listener(request, withBehaviour(response, behaviour))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const upstream = new HttpUpstream(
    { clock: init.clock ?? realClock },
    { kind: 'origin', url: `http://127.0.0.1:${port}/repo/`, version: '0.0.0' },
  )
  return {
    upstream,
    seen,
    setBehaviour: (next) => {
      behaviour = next
    },
    close: async () => {
      await upstream.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A listener that serves files below `/repo/`, with ranges. */
export function fileListener(files: Map<string, Uint8Array>): RequestListener {
  return (request, response) => {
    const path = decodeURIComponent((request.url ?? '').slice('/repo/'.length))
    const bytes = files.get(path)
    if (bytes === undefined) {
      response.writeHead(404).end()
      return
    }
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
    if (range === null) {
      response.writeHead(200, { 'content-length': bytes.length }).end(bytes)
      return
    }
    const [from, to] = [Number(range[1]), Number(range[2])]
    const part = bytes.subarray(from, to + 1)
    const headers = {
      'content-length': part.length,
      'content-range': `bytes ${from}-${to}/${bytes.length}`,
    }
    response.writeHead(206, headers).end(part)
  }
}

function withBehaviour(response: ServerResponse, behaviour: UpstreamBehaviour): ServerResponse {
  const end = response.end.bind(response)
  response.end = ((bytes?: Uint8Array) => {
    if (bytes === undefined) return end()
    if (behaviour === 'lying') return end(wrongBytes(bytes))
    if (behaviour === 'healthy') return end(bytes)
    response.write(bytes.subarray(0, bytes.length / 2), () => {
      if (behaviour === 'truncating') response.socket?.end()
    })
    return response
  }) as ServerResponse['end']
  return response
}

/** As `serve`, closed with the test. */
export async function fixtureOf(t: TestContext, listener: RequestListener): Promise<HttpFixture> {
  const fixture = await serve(listener)
  t.after(() => fixture.close())
  return fixture
}
