import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { connect } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { after, before, describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { createDispatcher } from '../src/index.ts'

const LIMITS = { connections: 4, firstByteTimeoutMs: 5_000, silenceTimeoutMs: 5_000 }
const MODULE = new URL('../src/index.ts', import.meta.url).href

const directory = mkdtempSync(join(tmpdir(), 'jarswarm-http-'))
const certFile = join(directory, 'cert.pem')
let origin: Server
let originPort: number
let cert: string

/** A key and a certificate of `origin.test`, which nobody trusts of their own accord. */
function createCertificate(): { readonly key: string; readonly cert: string } {
  const keyFile = join(directory, 'key.pem')
  const words =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=origin.test'
  const names = ['-addext', 'subjectAltName=DNS:origin.test,IP:127.0.0.1']
  const files = ['-keyout', keyFile, '-out', certFile]
  execFileSync('openssl', [...words.split(' '), ...names, ...files], { stdio: 'ignore' })
  return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') }
}

before(async () => {
  const made = createCertificate()
  cert = made.cert
  origin = createSecureServer(made, (_request, response) => {
    response.end('from the origin')
  })
  originPort = await listen(origin)
})

after(async () => {
  origin.close()
  await once(origin, 'close')
  rmSync(directory, { recursive: true })
})

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

interface Proxy {
  readonly url: string
  /** Whom tunnels were asked for, and URLs of plain requests. */
  readonly asked: string[]
}

/** A proxy that leads every tunnel to the origin, whatever its name. */
async function startProxy(t: TestContext): Promise<Proxy> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.end('from the proxy')
  })
  server.on('connect', (request, socket) => {
    asked.push(request.url ?? '')
    const tunnel = connect(originPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      tunnel.pipe(socket).pipe(tunnel)
    })
    const end = (): void => {
      tunnel.destroy()
      socket.destroy()
    }
    tunnel.on('error', end)
    socket.on('error', end)
  })
  const port = await listen(server)
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${port}`, asked }
}

interface ReadInit {
  readonly env?: Readonly<Record<string, string>>
  readonly certificates?: readonly string[]
}

async function read(t: TestContext, url: string, init: ReadInit = {}): Promise<string> {
  const dispatcher = createDispatcher({ ...LIMITS, env: {}, ...init })
  t.after(() => dispatcher.destroy())
  const { origin: place, pathname } = new URL(url)
  const { body } = await dispatcher.request({ origin: place, path: pathname, method: 'GET' })
  return await body.text()
}

describe('createDispatcher', () => {
  for (const name of ['HTTPS_PROXY', 'https_proxy']) {
    it(`reaches an https server through ${name}`, async (t) => {
      const proxy = await startProxy(t)
      const text = await read(t, 'https://origin.test/', {
        env: { [name]: proxy.url },
        certificates: [cert],
      })
      assert.equal(text, 'from the origin')
      assert.deepEqual(proxy.asked, ['origin.test:443'])
    })
  }

  it('checks the certificate of the server behind a proxy', async (t) => {
    const proxy = await startProxy(t)
    const env = { HTTPS_PROXY: proxy.url }
    await assert.rejects(read(t, 'https://origin.test/', { env }), /self-signed|certificate/)
    const other = read(t, 'https://other.test/', { env, certificates: [cert] })
    await assert.rejects(other, /altnames/)
  })

  it('sends plain requests through HTTP_PROXY', async (t) => {
    const proxy = await startProxy(t)
    await read(t, 'http://origin.test/a', { env: { http_proxy: proxy.url } })
    assert.equal(proxy.asked.length, 1)
  })

  it('goes past the proxy for what NO_PROXY names', async (t) => {
    const proxy = await startProxy(t)
    for (const name of ['NO_PROXY', 'no_proxy']) {
      const env = { HTTPS_PROXY: proxy.url, [name]: 'other.test,origin.invalid' }
      await assert.rejects(read(t, 'https://origin.invalid/', { env, certificates: [cert] }))
    }
    assert.deepEqual(proxy.asked, [])
  })

  it('never sends what is on this machine through a proxy', async (t) => {
    const proxy = await startProxy(t)
    const env = { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url }
    const url = `https://127.0.0.1:${originPort}/`
    assert.equal(await read(t, url, { env, certificates: [cert] }), 'from the origin')
    await assert.rejects(read(t, 'http://localhost:9/', { env }))
    await assert.rejects(read(t, 'http://[::1]:9/', { env }))
    assert.deepEqual(proxy.asked, [])
  })

  for (const variable of ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS']) {
    it(`trusts the certificates of ${variable}, beside those that Node.js brings`, async () => {
      const program = `
        import { createDispatcher } from ${JSON.stringify(MODULE)}
        const dispatcher = createDispatcher({ connections: 1, firstByteTimeoutMs: 5000, silenceTimeoutMs: 5000, env: {} })
        const { body } = await dispatcher.request({ origin: process.argv[1], path: '/', method: 'GET' })
        console.log(await body.text())
        await dispatcher.destroy()`
      const args = ['--conditions=source', '--input-type=module', '-e', program]
      const run = async (env: Readonly<Record<string, string>>): Promise<string> => {
        const { PATH = '' } = process.env
        const all = [...args, `https://127.0.0.1:${originPort}`]
        const { stdout } = await promisify(execFile)(process.execPath, all, {
          env: { PATH, ...env },
        })
        return stdout
      }
      assert.match(await run({ [variable]: certFile }), /from the origin/)
      await assert.rejects(run({}), /self-signed|certificate/)
    })
  }
})
