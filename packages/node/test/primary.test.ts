import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { createNode } from '@jarswarm/node'
import type { Primary } from '@jarswarm/node'
import { publishTree, withdrawPaths } from '@jarswarm/publisher'
import { parseLink } from '@jarswarm/trust'
import { startNode, startPrimary, temporaryDirectory } from './_swarm.ts'
import { CONTENT, JAR, LARGE, POM, writeTree } from './_tree.ts'
import { waitFor } from './_wait-for.ts'

/** Send a request line as it stands, which `fetch` would clean up first. */
async function rawRequest(primary: Primary, line: string): Promise<string> {
  const { hostname, port } = new URL(primary.url)
  const socket = connect(Number(port), hostname)
  socket.write(`${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  return text(socket)
}

describe('the origin of a primary', () => {
  it('serves files, ranges and conditions with headers for caches', async (t) => {
    const primary = await startPrimary(t, { directory: temporaryDirectory(t) })
    const url = `${primary.url}/${LARGE}`
    const whole = await fetch(url)
    assert.equal(whole.headers.get('content-length'), '700000')
    assert.match(String(whole.headers.get('cache-control')), /immutable/)
    assert.deepEqual(Buffer.from(await whole.arrayBuffer()), CONTENT[LARGE])
    const part = await fetch(url, { headers: { Range: 'bytes=10-19' } })
    assert.equal(part.status, 206)
    assert.equal(part.headers.get('content-range'), 'bytes 10-19/700000')
    assert.deepEqual(Buffer.from(await part.arrayBuffer()), CONTENT[LARGE]?.subarray(10, 20))
    const beyond = await fetch(url, { headers: { Range: 'bytes=700000-' } })
    assert.equal(beyond.status, 416)
    await beyond.arrayBuffer()
    const etag = String(whole.headers.get('etag'))
    assert.equal((await fetch(url, { headers: { 'If-None-Match': etag } })).status, 304)
    const other = await fetch(url, { headers: { Range: 'bytes=0-1', 'If-Range': '"other"' } })
    assert.equal(other.status, 200)
    await other.arrayBuffer()
    const head = await fetch(url, { method: 'HEAD' })
    assert.equal(head.headers.get('content-length'), '700000')
    const manifest = await fetch(`${primary.url}/.jarswarm/manifest`)
    assert.doesNotMatch(String(manifest.headers.get('cache-control')), /immutable/)
    await manifest.arrayBuffer()
  })

  it('takes no deploys', async (t) => {
    const primary = await startPrimary(t, { directory: temporaryDirectory(t) })
    const answer = await fetch(`${primary.url}/${JAR}`, { method: 'PUT', body: 'x' })
    assert.equal(answer.status, 405)
  })

  it('gives out no file that was withdrawn, and what else has its bytes', async (t) => {
    const directory = temporaryDirectory(t)
    const places = {
      stateDir: join(directory, 'demo-state'),
      treeDir: join(directory, 'demo-tree'),
    }
    const primary = await startPrimary(t, { directory })
    // The same bytes under another path stay.
    const copy = 'org/example/copy/1.0/copy-1.0.pom'
    writeTree(places.treeDir, { [copy]: CONTENT[POM] ?? Buffer.of() })
    await publishTree(places)
    const withdraw = { ...places, paths: [JAR, POM], reason: 'malware: steals keys' }
    await withdrawPaths(withdraw)
    const url = `${primary.url}/${JAR}`
    await waitFor('the withdrawal', async () => (await fetch(url)).status === 410)
    const { statusText } = await fetch(url)
    assert.match(statusText, /^Withdrawn on \d{4}-\d\d-\d\d: malware: steals keys$/)
    assert.equal((await fetch(`${url}.sha1`)).status, 410)
    assert.equal((await fetch(`${primary.url}/${copy}`)).status, 200)
  })

  it('lets no name and no symbolic link lead out of the tree', async (t) => {
    const directory = temporaryDirectory(t)
    const primary = await startPrimary(t, { directory })
    const secret = join(directory, 'secret')
    writeFileSync(secret, 'secret')
    symlinkSync(secret, join(directory, 'demo-tree', 'link'))
    symlinkSync(directory, join(directory, 'demo-tree', 'up'))
    for (const path of [
      '/../secret',
      '/%2e%2e/secret',
      '/org/..%2f..%2fsecret',
      '/..\\secret',
      '/link',
      '/up/secret',
      '/%00',
      '/%zz',
    ]) {
      const answer = await rawRequest(primary, `GET ${path}`)
      assert.match(answer, /^HTTP\/1\.1 40[04] /, path)
      assert.doesNotMatch(answer, /secret$/)
    }
  })
})

describe('a primary', () => {
  it('names itself in its link, as origin and as peer', async (t) => {
    const primary = await startPrimary(t, { directory: temporaryDirectory(t) })
    const link = parseLink(primary.link())
    assert.equal(link.origin, `${primary.url}/`)
    assert.deepEqual(link.peers, primary.listenAddresses())
  })

  it('tells the swarm at once what somebody else published', async (t) => {
    const directory = temporaryDirectory(t)
    const primary = await startPrimary(t, { directory })
    const node = await startNode(t, { dataDir: join(directory, 'data'), links: [primary.link()] })
    const seq = (): number | undefined => node.statusNow().repositories[0]?.head?.seq
    await waitFor(
      'the first state and a connection',
      () => seq() === 1 && node.statusNow().peers.connected > 0,
    )
    const treeDir = join(directory, 'demo-tree')
    writeTree(treeDir, { 'org/example/new/1.0/new-1.0.jar': Buffer.from('new') })
    await publishTree({ stateDir: join(directory, 'demo-state'), treeDir })
    await waitFor('the second state', () => seq() === 2)
  })

  it('publishes what is deployed into its tree as it happens, and tells the swarm', async (t) => {
    const directory = temporaryDirectory(t)
    const primary = await startPrimary(t, { directory, walkMs: 3_600_000 })
    const node = await startNode(t, { dataDir: join(directory, 'node'), links: [primary.link()] })
    const content = Buffer.from('deployed')
    const sha1 = Buffer.from(createHash('sha1').update(content).digest('hex'))
    const path = 'org/example/new/1.0/new-1.0.jar'
    const deployed = { [path]: content, [`${path}.sha1`]: sha1 }
    writeTree(join(directory, 'demo-tree'), deployed)
    await waitFor(
      'the deploy',
      async () => (await fetch(`${node.url}/demo/${path}`)).status === 200,
    )
  })

  it('gives the swarm what its tree holds, and nothing that was changed there', async (t) => {
    const directory = temporaryDirectory(t)
    const primary = await startPrimary(t, { directory })
    const { id, name, peers } = parseLink(primary.link())
    // Without an origin in the link, all bytes come through the swarm.
    const node = await createNode({
      dataDir: join(directory, 'data'),
      version: '0',
      listen: ['/ip4/127.0.0.1/tcp/0'],
      join: [{ id, name, origin: undefined, peers }],
    })
    t.after(() => node.stop())
    await node.start()
    const artifact = await node.get(`demo/${LARGE}`)
    assert.equal(artifact.source, 'peer')
    artifact.release()
    writeFileSync(join(directory, 'demo-tree', JAR), 'a wrong jar')
    const controller = new AbortController()
    const getting = node.get(`demo/${JAR}`, { signal: controller.signal })
    const outcome = getting.then(
      () => 'got',
      () => 'refused',
    )
    setImmediate(() => {
      controller.abort(new Error('enough'))
    })
    assert.equal(await outcome, 'refused')
  })
})
