import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { ask, openRaw, readToEnd, sendRaw, startEndpoint, waitFor } from './_fixture.ts'

const JAR = 'org/example/lib/1.0/lib-1.0.jar'

describe('writing', () => {
  it('is refused before 100 Continue, naming the primary', async (t) => {
    const { port } = await startEndpoint(t)
    const { text } = await sendRaw(
      port,
      `PUT /clojars/${JAR} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 5000000\r\nExpect: 100-continue\r\n\r\n`,
    )
    assert.match(
      text,
      /^HTTP\/1\.1 405 This mirror is read-only; deploy to the primary, https:\/\/repo\.example\/\r\n/,
    )
    assert.doesNotMatch(text, /100 Continue/)
    assert.match(text, /\r\nAllow: GET, HEAD\r\n/)
    assert.match(text, /\r\nConnection: close\r\n/)
  })

  it('is refused with every method, on every path', async (t) => {
    const { port } = await startEndpoint(t)
    for (const method of ['PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'])
      for (const path of ['/', '/-/status', `/clojars/${JAR}`, '/central/x']) {
        const got = await ask(port, path, { method })
        assert.equal(got.status, 405, `${method} ${path}`)
        assert.equal(got.headers.allow, 'GET, HEAD')
      }
  })

  it('is told while the body is still coming, and the body is not read without end', async (t) => {
    const { port } = await startEndpoint(t)
    const socket = await openRaw(port)
    const ended = readToEnd(socket)
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
    socket.write(
      `POST /clojars/x HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 900000000\r\n\r\n`,
    )
    await waitFor(() => text.includes('405'))
    const chunk = Buffer.alloc(64 * 1024)
    const pump = (): void => {
      while (socket.writable && socket.write(chunk));
    }
    socket.on('drain', pump)
    pump()
    await ended
    // One MiB is read, the rest fills the buffers of the system.
    assert.ok(socket.bytesWritten < 50_000_000, String(socket.bytesWritten))
  })

  it('ends a silent body after its deadline', async (t) => {
    const { port, clock } = await startEndpoint(t)
    const socket = await openRaw(port)
    const ended = readToEnd(socket)
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
    socket.write(`PUT /x HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 9\r\n\r\n`)
    await waitFor(() => text.includes('405'))
    clock.advance(2_000)
    await ended
    assert.equal(clock.pendingTimers, 0)
  })

  it('refuses a tunnel', async (t) => {
    const { port } = await startEndpoint(t)
    const { text } = await sendRaw(port, `CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n`)
    assert.match(text, /^HTTP\/1\.1 405 /)
  })

  it(
    'keeps no place for a tunnel that its client leaves half open',
    { timeout: 30_000 },
    async (t) => {
      const { endpoint, port } = await startEndpoint(t)
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
      t.after(() => socket.destroy())
      socket.write(`CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n`)
      await once(socket.resume(), 'end')
      await endpoint.stop()
    },
  )
})

describe('malformed requests', () => {
  const refused: readonly (readonly [string, string])[] = [
    ['no HTTP', 'hello\r\n\r\n'],
    [
      'both lengths',
      'GET / HTTP/1.1\r\nHost: H\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'two lengths',
      'GET / HTTP/1.1\r\nHost: H\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc',
    ],
    [
      'a sloppy transfer encoding',
      'GET / HTTP/1.1\r\nHost: H\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
    ],
    ['a space before the colon', 'GET / HTTP/1.1\r\nHost : H\r\n\r\n'],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: H\r\nX: a\r\n b\r\n\r\n'],
    ['bare line feeds', 'GET / HTTP/1.1\nHost: H\n\n'],
    ['no host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['two hosts', 'GET / HTTP/1.1\r\nHost: H\r\nHost: evil\r\nConnection: close\r\n\r\n'],
    ['a body', 'GET / HTTP/1.1\r\nHost: H\r\nContent-Length: 3\r\n\r\nabc'],
    ['a chunked body', 'GET / HTTP/1.1\r\nHost: H\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a dot segment', 'GET /clojars/../x HTTP/1.1\r\nHost: H\r\nConnection: close\r\n\r\n'],
    ['an asterisk', 'GET * HTTP/1.1\r\nHost: H\r\nConnection: close\r\n\r\n'],
  ]
  for (const [what, text] of refused)
    it(`refuses ${what}`, async (t) => {
      const { port } = await startEndpoint(t)
      const answer = await sendRaw(port, text.replace('Host: H', `Host: 127.0.0.1:${port}`))
      assert.match(answer.text, /^HTTP\/1\.1 400 /)
    })

  it('does not take the body of a refused request for a request', async (t) => {
    const { port } = await startEndpoint(t)
    const inner = `GET /-/health HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`
    const { text } = await sendRaw(
      port,
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
    )
    assert.equal(text.match(/HTTP\/1\.1/g)?.length, 1)
  })

  it('refuses headers beyond their bound', async (t) => {
    const { port } = await startEndpoint(t)
    const { text } = await sendRaw(
      port,
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    )
    assert.match(text, /^HTTP\/1\.1 431 /)
  })

  it('answers pipelined requests in their order', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put('a/one', { bytes: '<one>' })
    source.put('a/two', { bytes: Buffer.alloc(600_000, '.') })
    const get = (path: string, more = ''): string =>
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${more}\r\n`
    const { text } = await sendRaw(
      port,
      get('/clojars/a/two') +
        get('/clojars/a/one') +
        get('/clojars/a/none', 'Connection: close\r\n'),
    )
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1])
    assert.deepEqual(statuses, ['200', '200', '404'])
    assert.equal(source.unreleased, 0)
  })

  it('answers nothing behind a request whose end is in doubt', async (t) => {
    const { port } = await startEndpoint(t)
    const host = `Host: 127.0.0.1:${port}`
    const next = `GET /-/status HTTP/1.1\r\n${host}\r\nConnection: close\r\n\r\n`
    const upgrade = `${host}\r\nConnection: Upgrade\r\nUpgrade: h2c`
    for (const [first, status] of [
      [`GET /-/health HTTP/1.1\r\n${upgrade}`, 200],
      [`GET /-/health HTTP/2.0\r\n${host}\r\nConnection: keep-alive`, 400],
      [`GET /-/health\r\n${host}\r\nConnection: keep-alive`, 400],
    ] as const) {
      const { text } = await sendRaw(port, `${first}\r\n\r\n${next}`)
      assert.match(text, new RegExp(`^HTTP/1\\.1 ${String(status)} `), first)
      assert.match(text, /\r\nConnection: close\r\n/, first)
      assert.equal(text.match(/HTTP\/1\.1/g)?.length, 1, first)
    }
  })

  it('refuses more headers than its bound, rather than drop some', async (t) => {
    const { port } = await startEndpoint(t)
    const many = (count: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`x-${at}`, 'a']))
    // Host and Connection are headers, too.
    assert.equal((await ask(port, '/-/health', { headers: many(98) })).status, 200)
    assert.equal((await ask(port, '/-/health', { headers: many(99) })).status, 431)
  })

  it('does not mind what else a client expects', async (t) => {
    const { port } = await startEndpoint(t)
    const got = await ask(port, '/-/health', { headers: { expect: 'the-unexpected' } })
    assert.equal(got.status, 200)
  })

  it('adds no header from what a repository says', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.unknownReason = 'one\r\nSet-Cookie: a=b\r\n\r\n\u00e9' + 'x'.repeat(500)
    const got = await ask(port, `/clojars/${JAR}`)
    assert.equal(got.status, 424)
    assert.equal(got.headers['set-cookie'], undefined)
    assert.equal(got.phrase.length, 200)
    assert.match(got.phrase, /^one Set-Cookie: a=b/)
  })
})

describe('who is answered', () => {
  it('refuses a Host that is not this node', async (t) => {
    const { port } = await startEndpoint(t, { allowHosts: ['Mirror.Example', 'other.example:99'] })
    const status = async (host: string): Promise<number> =>
      (await ask(port, '/-/health', { headers: { host } })).status
    for (const host of [
      `127.0.0.1:${port}`,
      `localhost:${port}`,
      `LOCALHOST:${port}`,
      `[::1]:${port}`,
    ])
      assert.equal(await status(host), 200, host)
    for (const host of ['mirror.example', 'mirror.example:8080', 'other.example:99'])
      assert.equal(await status(host), 200, host)
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1',
      '127.0.0.1:1',
      `127.0.0.1:${port}:80`,
      'other.example',
    ])
      assert.equal(await status(host), 421, host)
  })

  it('refuses a request without Host, as HTTP 1.0 has it', async (t) => {
    const { port } = await startEndpoint(t)
    assert.match((await sendRaw(port, 'GET / HTTP/1.0\r\n\r\n')).text, /^HTTP\/1\.1 421 /)
    const empty = await sendRaw(port, 'GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n')
    assert.match(empty.text, /^HTTP\/1\.1 421 /)
  })

  it('judges the authority of an absolute target instead of Host', async (t) => {
    const { port } = await startEndpoint(t)
    const at = async (authority: string): Promise<string> =>
      (
        await sendRaw(
          port,
          `GET http://${authority}/-/health HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`,
        )
      ).text
    assert.match(await at(`127.0.0.1:${port}`), /^HTTP\/1\.1 200 /)
    assert.match(await at('evil.example'), /^HTTP\/1\.1 421 /)
  })

  it('refuses web pages of other sites', async (t) => {
    const { port } = await startEndpoint(t)
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await ask(port, '/-/status', { headers })).status
    assert.equal(await status({ Origin: 'https://evil.example' }), 403)
    assert.equal(await status({ Origin: 'null' }), 403)
    assert.equal(await status({ Origin: `http://127.0.0.1:${port + 1}` }), 403)
    assert.equal(await status({ Origin: `http://127.0.0.1:${port}` }), 200)
    assert.equal(await status({ 'Sec-Fetch-Site': 'cross-site' }), 403)
    assert.equal(await status({ 'Sec-Fetch-Site': 'same-site' }), 403)
    assert.equal(await status({ 'Sec-Fetch-Site': 'same-origin' }), 200)
    const twice = 'Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site\r\nConnection: close'
    const raw = `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${twice}\r\n\r\n`
    assert.match((await sendRaw(port, raw)).text, /^HTTP\/1\.1 403 /)
    assert.equal(await status({ 'Sec-Fetch-Site': 'none' }), 200)
  })
})
