import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
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
