import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { RequestListener, Server } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { changeMirrors, initRepository, publishTree } from '@jarswarm/publisher'
import { startNode, temporaryDirectory } from './_swarm.ts'
import { CONTENT, JAR, LARGE, writeTree } from './_tree.ts'
import { waitFor } from './_wait-for.ts'

/** None of these names exists: whoever does not go through the proxy gets nothing. */
const HOSTS = ['repo.test', 'mirror.test', 'central.test']

function createCertificate(directory: string): { readonly key: string; readonly cert: string } {
  const [keyFile, certFile] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=a'
  const names = `subjectAltName=${HOSTS.map((host) => `DNS:${host}`).join()}`
  const files = ['-addext', names, '-keyout', keyFile, '-out', certFile]
  execFileSync('openssl', [...words.split(' '), ...files], { stdio: 'ignore' })
  return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') }
}

function sha1Files(): Readonly<Record<string, Buffer>> {
  const sha1 = (bytes: Buffer): string => createHash('sha1').update(bytes).digest('hex')
  return Object.fromEntries(
    Object.entries(CONTENT).map(([path, bytes]) => [`${path}.sha1`, Buffer.from(sha1(bytes))]),
  )
}

async function listen(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** The origin has the signed index alone, the mirror all of it, and the third is a plain repository. */
function answer(treeDir: string): RequestListener {
  return ({ headers, url = '' }, response) => {
    const path = decodeURIComponent(url.slice(1)).replace(/^maven\//, '')
    const file = join(treeDir, path)
    const isLacking = headers.host === 'repo.test' && !path.startsWith('.jarswarm/')
    if (isLacking || !existsSync(file) || !statSync(file).isFile()) response.writeHead(404).end()
    else response.end(readFileSync(file))
  }
}

/** A proxy that makes tunnels to one server, whatever the name. */
async function startProxy(t: TestContext, port: number, asked: Set<string>): Promise<string> {
  const server = createServer()
  server.on('connect', (request, socket) => {
    asked.add(request.url ?? '')
    const tunnel = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      tunnel.pipe(socket).pipe(tunnel)
    })
    tunnel.on('error', () => socket.destroy())
    socket.on('error', () => tunnel.destroy())
    t.after(() => {
      tunnel.destroy()
      socket.destroy()
    })
  })
  const proxyPort = await listen(t, server)
  return `http://127.0.0.1:${String(proxyPort)}`
}

describe('a node behind a proxy', () => {
  it('reaches origin, mirrors and proxied repositories through HTTPS_PROXY', async (t) => {
    const directory = temporaryDirectory(t)
    const [stateDir, treeDir] = [join(directory, 'state'), join(directory, 'tree')]
    writeTree(treeDir)
    writeTree(treeDir, sha1Files())
    const { link } = await initRepository({ stateDir, name: 'demo', origin: 'https://repo.test/' })
    await publishTree({ stateDir, treeDir })
    await changeMirrors({ stateDir, treeDir, add: ['https://mirror.test/maven/'] })

    const certificate = createCertificate(directory)
    const port = await listen(t, createSecureServer(certificate, answer(treeDir)))
    const asked = new Set<string>()
    const before = { proxy: process.env['HTTPS_PROXY'], certificates: getCACertificates('default') }
    process.env['HTTPS_PROXY'] = await startProxy(t, port, asked)
    setDefaultCACertificates([...before.certificates, certificate.cert])
    t.after(() => {
      if (before.proxy === undefined) delete process.env['HTTPS_PROXY']
      else process.env['HTTPS_PROXY'] = before.proxy
      setDefaultCACertificates(before.certificates)
    })

    const node = await startNode(t, {
      dataDir: join(directory, 'data'),
      links: [link],
      proxy: [{ name: 'central', url: 'https://central.test/' }],
    })
    await waitFor('the head', () => node.statusNow().repositories[0]?.head !== null)
    for (const path of [`demo/${LARGE}`, `central/${JAR}`]) {
      const response = await fetch(`${String(node.url)}/${path}`)
      assert.equal(response.status, 200, `${path}: ${response.statusText}`)
      const bytes = Buffer.from(await response.arrayBuffer())
      assert.ok(bytes.equals(CONTENT[path.replace(/^\w+\//, '')] ?? Buffer.alloc(0)))
    }
    assert.deepEqual([...asked].sort(), HOSTS.map((host) => `${host}:443`).sort())
  })
})
