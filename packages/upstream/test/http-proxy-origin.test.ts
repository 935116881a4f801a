import { SourceUnavailableError, TruncatedError } from '@jarswarm/ports'
import type { OriginAnswer } from '@jarswarm/ports'
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { HttpProxyOrigin } from '../src/index.ts'
import type { HttpProxyOriginInit } from '../src/index.ts'
import { createCertificate } from './_certificate.ts'

const NO_PROXIES = {}

async function listen(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

function open(t: TestContext, init: Omit<HttpProxyOriginInit, 'version'>): HttpProxyOrigin {
  const origin = new HttpProxyOrigin({ version: '0.0.0', env: NO_PROXIES, ...init })
  t.after(() => origin.close())
  return origin
}

/** An origin that answers with `listener`. */
async function serve(
  t: TestContext,
  listener: RequestListener,
): Promise<{ readonly origin: HttpProxyOrigin; readonly seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = []
  const server = createServer((request, response) => {
    seen.push(request)
    listener(request, response)
  })
  const port = await listen(t, server)
  return { origin: open(t, { url: `http://127.0.0.1:${port}/maven2/` }), seen }
}

async function bodyOf(answer: OriginAnswer): Promise<string> {
  assert.equal(answer.kind, 'file')
  const chunks: Uint8Array[] = []
  for await (const chunk of answer.body) chunks.push(chunk)
  return Buffer.concat(chunks).toString('latin1')
}

describe('HttpProxyOrigin', () => {
  it('gives a file with what the origin says of it', async (t) => {
    const { origin, seen } = await serve(t, (_request, response) => {
      const headers = { 'Last-Modified': 'Tue, 14 Nov 2023 22:13:20 GMT', ETag: '"x"' }
      response.writeHead(200, { ...headers, 'Content-Length': 3 }).end('jar')
    })
    const answer = await origin.get('g/a~b/1+x/a.jar', {})
    assert.equal(await bodyOf(answer), 'jar')
    assert.equal(answer.kind, 'file')
    const { sizeBytes, lastModifiedMs, etag } = answer
    assert.deepEqual([sizeBytes, lastModifiedMs, etag], [3, 1_700_000_000_000, '"x"'])
    assert.equal(seen[0]?.url, '/maven2/g/a~b/1%2Bx/a.jar')
    assert.equal(seen[0].headers['user-agent'], 'jarswarm/0.0.0')
    assert.equal(origin.receivedBytes(), 3)
  })

  it('asks by tag, else by date, whether a file changed', async (t) => {
    const { origin, seen } = await serve(t, (_request, response) => response.writeHead(304).end())
    const unless = { etag: '"x"', mtimeSeconds: 1_700_000_000 }
    assert.deepEqual(await origin.get('a', { unless }), { kind: 'unmodified' })
    assert.equal(seen[0]?.headers['if-none-match'], '"x"')
    await origin.get('a', { unless: { ...unless, etag: undefined } })
    assert.equal(seen[1]?.headers['if-modified-since'], 'Tue, 14 Nov 2023 22:13:20 GMT')
    await assert.rejects(origin.get('a', {}), SourceUnavailableError)
  })

  for (const status of [404, 410]) {
    it(`takes ${status} for the word that there is no such file`, async (t) => {
      const { origin } = await serve(t, (_request, response) => response.writeHead(status).end())
      assert.deepEqual(await origin.get('a', {}), { kind: 'absent' })
    })
  }

  for (const status of [206, 400, 401, 403, 500, 502, 503]) {
    it(`takes ${status} for no answer`, async (t) => {
      const { origin } = await serve(t, (_request, response) => response.writeHead(status).end())
      await assert.rejects(origin.get('a', {}), SourceUnavailableError)
    })
  }

  it('says for how long the origin wants to be left alone', async (t) => {
    const { origin } = await serve(t, (request, response) => {
      const status = request.url === '/maven2/a' ? 429 : 503
      response.writeHead(status, { 'Retry-After': '7' }).end()
    })
    const busy = { kind: 'busy', retryAfterMs: 7_000 }
    assert.deepEqual(await origin.get('a', {}), busy)
    assert.deepEqual(await origin.get('b', {}), busy)
  })

  it('says that a body ended early, and that its length is not stated', async (t) => {
    const { origin } = await serve(t, (request, response) => {
      if (request.url === '/maven2/chunked') {
        response.write('ja')
        response.end('r')
        return
      }
      response.writeHead(200, { 'Content-Length': 100 }).write('jar')
      setImmediate(() => response.destroy())
    })
    const chunked = await origin.get('chunked', {})
    assert.equal(await bodyOf(chunked), 'jar')
    assert.equal(chunked.kind === 'file' ? chunked.sizeBytes : 0, undefined)
    await assert.rejects(async () => bodyOf(await origin.get('cut', {})), TruncatedError)
  })

  it('refuses an encoded body', async (t) => {
    const { origin } = await serve(t, (_request, response) =>
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end('x'),
    )
    await assert.rejects(origin.get('a', {}), /content encoding gzip/)
  })

  it('gives up on an origin that is silent, and when its caller does', async (t) => {
    const server = createServer(() => undefined)
    const port = await listen(t, server)
    const url = `http://127.0.0.1:${port}`
    await assert.rejects(
      open(t, { url, firstByteTimeoutMs: 20 }).get('a', {}),
      SourceUnavailableError,
    )
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    await assert.rejects(open(t, { url }).get('a', { signal }), reason)
  })

  it('checks the certificate of an https origin', async (t) => {
    const { key, cert } = createCertificate()
    const server = createSecureServer({ key, cert }, (_request, response) => response.end('jar'))
    const url = `https://127.0.0.1:${await listen(t, server)}`
    await assert.rejects(open(t, { url }).get('a', {}), SourceUnavailableError)
    const trusting = open(t, { url, certificates: [cert] })
    assert.equal(await bodyOf(await trusting.get('a', {})), 'jar')
  })

  it('goes through the proxy that the environment names, but for NO_PROXY', async (t) => {
    const targets: (string | undefined)[] = []
    const proxy = createServer()
    proxy.on('connect', (request: IncomingMessage, client: Socket) => {
      targets.push(request.url)
      client.end('HTTP/1.1 502 No\r\n\r\n')
    })
    const env = { HTTPS_PROXY: `http://127.0.0.1:${await listen(t, proxy)}` }
    const url = 'https://origin.invalid'
    await assert.rejects(open(t, { url, env }).get('a', {}), SourceUnavailableError)
    assert.deepEqual(targets, ['origin.invalid:443'])
    const direct = open(t, { url, env: { ...env, no_proxy: 'origin.invalid' } })
    await assert.rejects(direct.get('a', {}), SourceUnavailableError)
    assert.equal(targets.length, 1)
  })

  it('reaches an https origin through a proxy, and checks its certificate there, too', async (t) => {
    const { key, cert } = createCertificate()
    const server = createSecureServer({ key, cert }, (_request, response) => response.end('jar'))
    const port = await listen(t, server)
    const proxy = createServer()
    proxy.on('connect', (_request: IncomingMessage, client: Socket) => {
      const upstream = connect(port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n')
        client.pipe(upstream).pipe(client)
      })
      upstream.on('error', () => client.destroy())
      client.on('error', () => upstream.destroy())
      client.on('close', () => upstream.destroy())
    })
    const env = { HTTPS_PROXY: `http://127.0.0.1:${await listen(t, proxy)}` }
    const url = 'https://origin.test'
    await assert.rejects(open(t, { url, env }).get('a', {}), SourceUnavailableError)
    const origin = open(t, { url, env, certificates: [cert] })
    assert.equal(await bodyOf(await origin.get('a', {})), 'jar')
  })

  it('refuses a URL that is not http or https', () => {
    assert.throws(() => new HttpProxyOrigin({ url: 'ftp://x', version: '0' }), TypeError)
  })
})
