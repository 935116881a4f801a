import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import {
  HttpReader,
  MAX_DUMPED_BYTES,
  MAX_REDIRECTS,
  MAX_RETRY_AFTER_MS,
  readRetryAfter,
} from '@jarswarm/http'
import { parsePath } from '@jarswarm/maven'
import { HttpProxyOrigin, HttpUpstream } from '../src/index.ts'
import { MAX_ORIGIN_CONNECTIONS, MAX_UPSTREAM_CONNECTIONS } from '../src/limits.ts'
import { realClock } from './_http-fixture.ts'

/** A server that answers nothing before it is told to, and how many connections it ever had. */
async function startHolding(t: TestContext) {
  const released = Promise.withResolvers<undefined>()
  let [connections, requests] = [0, 0]
  const server = createServer((_request, response) => {
    requests += 1
    void released.promise.then(() => response.writeHead(404).end())
  })
  server.on('connection', () => (connections += 1))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${String(port)}/`,
    release: () => {
      released.resolve(undefined)
    },
    requests: () => requests,
    connections: () => connections,
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** Ask for many files at once; returns the connections that it took. */
async function connectionsFor(
  server: Awaited<ReturnType<typeof startHolding>>,
  bound: number,
  ask: (path: string) => Promise<unknown>,
): Promise<number> {
  const answers = Array.from({ length: 2 * bound }, (_, at) => ask(`g/${String(at)}/1/a.jar`))
  await until(() => server.requests() >= bound)
  server.release()
  await Promise.allSettled(answers)
  return server.connections()
}

describe('connections', () => {
  it('to one upstream are MAX_UPSTREAM_CONNECTIONS, and no more', async (t) => {
    const server = await startHolding(t)
    const upstream = new HttpUpstream(
      { clock: realClock },
      { kind: 'origin', url: server.url, version: '0.0.0' },
    )
    t.after(() => upstream.close())
    const ask = (digest: string) =>
      upstream.readPublished(
        { kind: 'object', digest: digest.replaceAll(/[^0-9]/g, '').padEnd(64, '0') } as never,
        { maxBytes: 10 },
      )
    assert.equal(
      await connectionsFor(server, MAX_UPSTREAM_CONNECTIONS, ask),
      MAX_UPSTREAM_CONNECTIONS,
    )
  })

  it('to the origin of a proxied repository are MAX_ORIGIN_CONNECTIONS, and no more', async (t) => {
    const server = await startHolding(t)
    const origin = new HttpProxyOrigin({ url: server.url, version: '0.0.0' })
    t.after(() => origin.close())
    const ask = (path: string) => origin.get(parsePath(path), {})
    assert.equal(await connectionsFor(server, MAX_ORIGIN_CONNECTIONS, ask), MAX_ORIGIN_CONNECTIONS)
  })
})

const PATIENCE = { firstByteTimeoutMs: 10_000, silenceTimeoutMs: 10_000 }

/** A server with its own listener, a reader of it, and how many connections it took. */
async function startReader(t: TestContext, listener: RequestListener) {
  let connections = 0
  const server = createServer(listener)
  server.on('connection', () => (connections += 1))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${String(port)}/`
  const reader = new HttpReader({ url, userAgent: 'test', connections: 1, ...PATIENCE })
  t.after(async () => {
    await reader.close()
    server.closeAllConnections()
    server.close()
  })
  return { reader, connections: () => connections }
}

describe('an origin', () => {
  it('is followed over MAX_REDIRECTS, and no further', async (t) => {
    const { reader } = await startReader(t, (request, response) => {
      const left = Number(request.url?.slice(1))
      if (left === 0) response.writeHead(404).end()
      else response.writeHead(302, { location: `/${String(left - 1)}` }).end()
    })
    assert.equal((await reader.get(String(MAX_REDIRECTS))).kind, 'absent')
    await assert.rejects(reader.get(String(MAX_REDIRECTS + 1)), /redirects/)
  })

  it('keeps its connection over an error page of MAX_DUMPED_BYTES, and loses it by a longer one', async (t) => {
    const { reader, connections } = await startReader(t, (request, response) => {
      response.writeHead(404).end(Buffer.alloc(Number(request.url?.slice(1))))
    })
    for (let count = 0; count < 3; count += 1) await reader.get(String(MAX_DUMPED_BYTES))
    assert.equal(connections(), 1)
    await reader.get(String(2 * MAX_DUMPED_BYTES))
    await reader.get('0')
    assert.equal(connections(), 2)
  })

  it('is left alone for MAX_RETRY_AFTER_MS, and no longer', () => {
    assert.equal(readRetryAfter(String(MAX_RETRY_AFTER_MS / 1_000), 0), MAX_RETRY_AFTER_MS)
    assert.equal(readRetryAfter(String(MAX_RETRY_AFTER_MS), 0), MAX_RETRY_AFTER_MS)
  })
})
