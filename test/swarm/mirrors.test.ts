import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { disagrees } from '@jarswarm/node'
import type { Node } from '@jarswarm/node'
import { wrongBytes } from '@jarswarm/testkit'
import { freePort } from '../_free-port.ts'
import { waitFor } from '../_wait-for.ts'
import { get, Testnet } from './_testnet.ts'

const JAR = 'org/example/lib/1.0/lib-1.0.jar'
const POM = 'org/example/lib/1.0/lib-1.0.pom'
const BIG = 'org/example/big/1.0/big-1.0.zip'
const METADATA = 'org/example/lib/maven-metadata.xml'
const FILES: Readonly<Record<string, Uint8Array>> = {
  [JAR]: Buffer.from('a jar'),
  [POM]: Buffer.from('<project/>'),
  [BIG]: Buffer.alloc(900_000, 'big '),
  [METADATA]: Buffer.from('<metadata/>'),
}

interface StaticMirror {
  readonly url: string
  readonly asked: string[]
}

/** A plain web server with the files of a repository, as they were or as it likes them. */
async function startStatic(
  t: TestContext,
  net: Testnet,
  change: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes,
): Promise<StaticMirror> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '').slice(1)
    asked.push(path)
    const bytes = net.builder.files.get(path)
    response.statusCode = bytes === undefined ? 404 : 200
    response.end(bytes && (path.startsWith('.') ? bytes : change(bytes)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`, asked }
}

/** A node without peers that knows the newest head, and whose origin then went away for good. */
async function orphan(net: Testnet): Promise<Node> {
  const node = await net.node({ origin: true, listen: [] })
  await waitFor('the index', () =>
    node.statusNow().repositories[0]?.index.complete === true ? true : undefined,
  )
  assert.equal(node.statusNow().peers.connected, 0)
  return node
}

async function source(node: Node, path: string): Promise<string | null> {
  const answer = await fetch(`${String(node.url)}/sample/${path}`, { method: 'HEAD' })
  return answer.headers.get('x-jarswarm-source')
}

describe('with the primary gone and no peers', () => {
  it('a node resolves everything from a public mirror node', async (t) => {
    const net = await Testnet.create(t, FILES)
    const port = await freePort()
    const publicUrl = `http://localhost:${String(port)}/maven/`
    net.builder.publish({ mirrors: [publicUrl] })
    const mirror = await net.holder({ http: { host: '127.0.0.1', port }, publicUrl })
    assert.deepEqual(mirror.statusNow().public, [{ name: 'sample', url: publicUrl, listed: true }])
    const node = await orphan(net)
    await net.closeOrigin()
    assert.equal(await source(node, BIG), 'mirror')
    for (const [path, bytes] of Object.entries(FILES)) {
      assert.deepEqual((await get(node, path)).bytes, Buffer.from(bytes), path)
    }
    const { bySource } = node.statusNow().served
    assert.ok(bySource.mirror > 1)
    assert.deepEqual([bySource.peer, bySource.origin], [0, 0])
    assert.equal((await get(node, 'org/example/none/1/none-1.jar')).status, 404)
    const reports = await node.mirrors()
    const report = reports.find(({ kind }) => kind === 'mirror')
    assert.equal(report?.agreement, 'same')
    assert.deepEqual(report.sample.wrong, [])
    assert.equal(reports.find(({ kind }) => kind === 'origin')?.agreement, 'unreachable')
  })

  it('plain clients and nodes find everything at the public URL as it was published', async (t) => {
    const net = await Testnet.create(t, FILES)
    const port = await freePort()
    const publicUrl = `http://localhost:${String(port)}/`
    net.builder.publish({ mirrors: [publicUrl] })
    await net.holder({ http: { host: '127.0.0.1', port }, publicUrl })
    const { head } = net.builder.state ?? {}
    const { digest } = net.builder.entry(METADATA)
    const paths = [
      ...Object.keys(FILES),
      '.jarswarm/manifest',
      '.jarswarm/roots/1.root.json',
      `.jarswarm/objects/${String(head?.index.root.slice(0, 2))}/${String(head?.index.root)}`,
      `.jarswarm/blobs/${digest.slice(0, 2)}/${digest}`,
    ]
    for (const path of paths) {
      const answer = await fetch(publicUrl + path)
      assert.equal(answer.status, 200, path)
      const bytes = Buffer.from(await answer.arrayBuffer())
      assert.deepEqual(bytes, Buffer.from(net.builder.files.get(path) ?? []), path)
    }
    assert.equal((await fetch(`${publicUrl}-/status`)).status, 404)
    assert.equal((await fetch(`http://127.0.0.1:${String(port)}/-/status`)).status, 200)
  })

  it('a node resolves from a plain web server on the list', async (t) => {
    const net = await Testnet.create(t, FILES)
    const plain = await startStatic(t, net)
    net.builder.publish({ mirrors: [plain.url] })
    const node = await orphan(net)
    await net.closeOrigin()
    for (const [path, bytes] of Object.entries(FILES)) {
      assert.deepEqual((await get(node, path)).bytes, Buffer.from(bytes), path)
    }
    assert.ok(plain.asked.includes(JAR))
  })

  it('no byte of a lying mirror is served, and it is asked after all others', async (t) => {
    const net = await Testnet.create(t, FILES)
    const liar = await startStatic(t, net, wrongBytes)
    net.builder.publish({ mirrors: [liar.url] })
    const node = await orphan(net)
    await net.closeOrigin()
    const refused = await get(node, POM)
    assert.equal(refused.status, 424)
    assert.ok(liar.asked.includes(POM))
    const report = (await node.mirrors()).find(({ kind }) => kind === 'mirror')
    assert.ok(report)
    assert.equal(report.demoted, true)
    assert.ok(report.wrongBytes > 0)
    assert.ok(report.sample.wrong.length > 0)
    assert.equal(disagrees(report), true)
  })
})
