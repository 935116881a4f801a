import assert from 'node:assert/strict'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import {
  ControlClient,
  createNode,
  RepositoryNameTakenError,
  WrongClockError,
} from '@jarswarm/node'
import type { Node } from '@jarswarm/node'
import { DirectoryInUseError } from '@jarswarm/ports'
import { formatLink, parseLink, RepositoryIdMismatchError } from '@jarswarm/trust'
import { startNode, startPrimary, temporaryDirectory } from './_swarm.ts'
import { CONTENT, JAR, LARGE } from './_tree.ts'
import { waitFor } from './_wait-for.ts'

const hasIndex = (node: Node): boolean =>
  node.statusNow().repositories.every(({ index }) => index.complete)

async function readBytes(node: Pick<Node, 'get'>, address: string): Promise<Buffer> {
  const artifact = await node.get(address)
  try {
    return await buffer(artifact.bytes)
  } finally {
    artifact.release()
  }
}

const fetchFrom = (node: Node, path: string): Promise<Response> =>
  fetch(`${String(node.url)}/${path}`)

describe('a node', () => {
  it('serves from the origin, and from a peer once the primary is gone', async (t) => {
    const directory = temporaryDirectory(t)
    const primary = await startPrimary(t, { directory })
    const first = await startNode(t, {
      dataDir: join(directory, 'first'),
      links: [primary.link()],
    })
    const second = await startNode(t, {
      dataDir: join(directory, 'second'),
      links: [String(first.link())],
    })
    await waitFor('both indexes', () => hasIndex(first) && hasIndex(second))
    for (const path of [JAR, LARGE]) {
      const answer = await fetchFrom(first, `demo/${path}`)
      assert.equal(answer.status, 200)
      assert.deepEqual(Buffer.from(await answer.arrayBuffer()), CONTENT[path])
    }
    await waitFor('a connection', () => second.statusNow().peers.connected > 0)
    await primary.stop()
    for (const path of [JAR, LARGE]) {
      assert.deepEqual(await readBytes(second, `demo/${path}`), CONTENT[path])
    }
    assert.equal((await fetchFrom(second, 'demo/org/example/none/1/none-1.jar')).status, 404)
  })

  it('has everything that it had after a restart, offline too', async (t) => {
    const directory = temporaryDirectory(t)
    const dataDir = join(directory, 'data')
    const primary = await startPrimary(t, { directory })
    const before = await startNode(t, { dataDir, links: [primary.link()], mirror: 'all' })
    await waitFor('the whole tree', () => before.statusNow().store.blobs === 3 && hasIndex(before))
    await before.stop()
    await primary.stop()
    const after = await startNode(t, { dataDir, offline: true })
    assert.deepEqual(after.repositoryNames(), ['demo'])
    assert.deepEqual(after.listenAddresses(), [])
    const answer = await fetchFrom(after, `demo/${LARGE}`)
    assert.equal(answer.headers.get('x-jarswarm-source'), 'store')
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), CONTENT[LARGE])
    const report = await after.check()
    assert.deepEqual([report.blobs, report.findingCount], [3, 0])
  })

  it('follows several repositories, one joined while it runs', async (t) => {
    const directory = temporaryDirectory(t)
    const one = await startPrimary(t, { directory, name: 'one' })
    const two = await startPrimary(t, { directory, name: 'two' })
    const dataDir = join(directory, 'data')
    const node = await startNode(t, { dataDir, links: [one.link()] })
    const status = await new ControlClient(dataDir).join(two.link())
    assert.equal(status.name, 'two')
    assert.deepEqual(node.repositoryNames(), ['one', 'two'])
    await waitFor('both indexes', () => hasIndex(node))
    for (const name of ['one', 'two']) {
      assert.deepEqual(await readBytes(node, `${name}/${JAR}`), CONTENT[JAR])
    }
  })

  it('refuses a name that another repository has, and keeps the one that has it', async (t) => {
    const directory = temporaryDirectory(t)
    const primary = await startPrimary(t, { directory })
    const node = await startNode(t, { dataDir: join(directory, 'data'), links: [primary.link()] })
    const other = formatLink({ id: 'ab'.repeat(32), name: 'demo', origin: undefined, peers: [] })
    await assert.rejects(node.join(other), RepositoryNameTakenError)
    const renamed = formatLink({ ...parseLink(primary.link()), name: 'other' })
    await assert.rejects(node.join(renamed), RepositoryNameTakenError)
    assert.deepEqual(node.repositoryNames(), ['demo'])
  })

  it('gives out the name that a repository has for all, whatever it is called here', async (t) => {
    const directory = temporaryDirectory(t)
    const primary = await startPrimary(t, { directory })
    const local = formatLink({ ...parseLink(primary.link()), name: 'mine' })
    const node = await startNode(t, { dataDir: join(directory, 'data'), links: [local] })
    await readBytes(node, `mine/${JAR}`)
    assert.deepEqual(node.repositoryNames(), ['mine'])
    assert.equal(parseLink(String(node.link())).name, 'demo')
  })

  it('refuses a link whose origin is another repository', async (t) => {
    const directory = temporaryDirectory(t)
    const primary = await startPrimary(t, { directory })
    const link = formatLink({ ...parseLink(primary.link()), id: 'ab'.repeat(32) })
    const dataDir = join(directory, 'data')
    await assert.rejects(startNode(t, { dataDir, links: [link] }), RepositoryIdMismatchError)
    const node = await startNode(t, { dataDir })
    assert.deepEqual(node.repositoryNames(), [])
  })

  it('answers through its control socket while it runs', async (t) => {
    const directory = temporaryDirectory(t)
    const dataDir = join(directory, 'data')
    const primary = await startPrimary(t, { directory })
    const node = await startNode(t, { dataDir, links: [primary.link()] })
    const client = new ControlClient(dataDir)
    await waitFor('the index', () => hasIndex(node))
    assert.equal((await client.status()).peerId, node.statusNow().peerId)
    assert.deepEqual(await readBytes(client, `demo/${LARGE}`), CONTENT[LARGE])
    assert.equal((await client.repositories())[0]?.name, 'demo')
    await assert.rejects(client.get(`nowhere/${JAR}`), { code: 'ERR_NOT_FOUND' })
    await assert.rejects(client.get(`demo/${JAR}.absent`), { code: 'ERR_NOT_FOUND' })
    await assert.rejects(client.get(`demo/${JAR}.sha1`), { code: 'ERR_INVALID_ADDRESS' })
    await assert.rejects(client.join('nonsense'), { code: 'ERR_INVALID_LINK' })
    await node.stop()
    await assert.rejects(client.status(), { code: 'ERR_NO_NODE' })
  })

  it('needs its data directory alone', async (t) => {
    const dataDir = temporaryDirectory(t)
    await startNode(t, { dataDir })
    await assert.rejects(createNode({ dataDir, version: '0' }), DirectoryInUseError)
  })

  it('does not run with a clock that cannot be right', async (t) => {
    const dataDir = temporaryDirectory(t)
    const clock = {
      now: () => 0,
      monotonicMs: () => 0,
      setTimer: () => ({ cancel: () => undefined }),
    }
    await assert.rejects(createNode({ dataDir, version: '0', clock }), WrongClockError)
  })
})
