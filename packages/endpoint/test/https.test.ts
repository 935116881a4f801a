import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { get } from 'node:https'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { connect as connectSecurely } from 'node:tls'
import { CREDENTIALS, RENEWED } from './_credentials.ts'
import { ask, readToEnd, startEndpoint, waitFor } from './_fixture.ts'
import type { Fixture } from './_fixture.ts'

const JAR = 'org/example/lib/1.0.0/lib-1.0.0.jar'
const HTTPS = { host: '127.0.0.1', port: 0, credentials: CREDENTIALS }

async function startSecure(t: TestContext): Promise<Fixture & { readonly securePort: number }> {
  const fixture = await startEndpoint(t, { https: HTTPS })
  return { ...fixture, securePort: Number(new URL(fixture.endpoint.secureAddress() ?? '').port) }
}

interface SecureAnswer {
  readonly status: number | undefined
  readonly body: Buffer
}

async function askSecurely(
  port: number,
  path: string,
  headers: Record<string, string> = {},
): Promise<SecureAnswer> {
  const request = get({
    host: '127.0.0.1',
    port,
    path,
    headers,
    ca: CREDENTIALS.cert,
    servername: 'localhost',
    agent: false,
  })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return { status: response.statusCode, body: Buffer.concat(chunks) }
}

describe('HTTPS', () => {
  it('serves the same as HTTP beside it', async (t) => {
    const { securePort, port, source } = await startSecure(t)
    const bytes = Buffer.alloc(300_000, 7)
    source.put(JAR, { bytes })
    assert.notEqual(securePort, port)
    assert.deepEqual((await askSecurely(securePort, `/clojars/${JAR}`)).body, bytes)
    assert.deepEqual((await ask(port, `/clojars/${JAR}`)).body, bytes)
  })

  it('answers to its own address only', async (t) => {
    const { securePort } = await startSecure(t)
    const own = await askSecurely(securePort, '/-/health', { host: `localhost:${securePort}` })
    assert.equal(own.status, 200)
    const foreign = await askSecurely(securePort, '/-/health', { host: 'rebound.example' })
    assert.equal(foreign.status, 421)
  })

  it('shows its address on the dashboard', async (t) => {
    const { endpoint, port } = await startSecure(t)
    assert.ok((await ask(port, '/')).body.includes(endpoint.secureAddress() ?? '?'))
  })

  it('resets the connection when a body breaks', async (t) => {
    const { securePort, source } = await startSecure(t)
    source.put(JAR, { bytes: Buffer.alloc(3_000_000), manner: 'breaks' })
    const socket = connectSecurely({ host: '127.0.0.1', port: securePort, ca: CREDENTIALS.cert })
    const ended = readToEnd(socket)
    socket.write(`GET /clojars/${JAR} HTTP/1.1\r\nHost: 127.0.0.1:${securePort}\r\n\r\n`)
    assert.equal((await ended).error, 'ECONNRESET')
    await waitFor(() => source.unreleased === 0)
  })

  it('shows a renewed certificate to new connections', async (t) => {
    const { endpoint, securePort } = await startSecure(t)
    const subject = async (): Promise<string> => {
      const socket = connectSecurely({
        host: '127.0.0.1',
        port: securePort,
        ca: [CREDENTIALS.cert, RENEWED.cert],
      })
      await once(socket, 'secureConnect')
      const { CN } = socket.getPeerCertificate().subject
      socket.destroy()
      return String(CN)
    }
    assert.equal(await subject(), 'jarswarm test')
    endpoint.renew(RENEWED)
    assert.equal(await subject(), 'jarswarm renewed')
  })

  it('goes on without when its port is taken and nobody asked for it', async (t) => {
    const taken = await startEndpoint(t)
    const https = { ...HTTPS, port: taken.port, optional: true }
    const { endpoint, port, complaints } = await startEndpoint(t, { https })
    assert.equal(endpoint.secureAddress(), undefined)
    assert.equal((await ask(port, '/-/health')).status, 200)
    assert.deepEqual(complaints, ['HTTPS is off: its port cannot be listened on'])
  })

  it('fails when its port is taken and it was asked for', async (t) => {
    const taken = await startEndpoint(t)
    const https = { ...HTTPS, port: taken.port }
    await assert.rejects(startEndpoint(t, { https }), {
      code: 'ERR_ENDPOINT_LISTEN',
      message: /--https HOST:PORT$/,
    })
  })
})
