import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createNode, RepositoryNameTakenError } from '@jarswarm/node'
import type { Node } from '@jarswarm/node'
import { TestOrigin } from './_origin.ts'
import type { OriginManner } from './_origin.ts'
import { startNode, startPrimary, temporaryDirectory } from './_swarm.ts'

const POM = 'g/a/1/a-1.pom'
const JAR = 'g/a/1/a-1.jar'
const LARGE = 'g/large/1/large-1.zip'
const LARGE_POM = 'g/large/1/large-1.pom'
const METADATA = 'g/a/maven-metadata.xml'
const FILES = {
  [POM]: Buffer.from('<project/>'),
  [JAR]: Buffer.from('the bytes of a jar'),
  [LARGE_POM]: Buffer.from('<project>large</project>'),
  [LARGE]: Buffer.alloc(1_500_000, 'large '),
  [METADATA]: Buffer.from('<metadata/>'),
}

const fetchFrom = (node: Node, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${String(node.url)}/central/${path}`, init)

async function bytesOf(node: Node, path: string): Promise<Buffer> {
  const answer = await fetchFrom(node, path)
  assert.equal(answer.status, 200, answer.statusText)
  return Buffer.from(await answer.arrayBuffer())
}

/** A large answer that fails is either refused before its first byte, or cut short. */
async function arrivesWhole(node: Node, path: string): Promise<boolean> {
  try {
    const answer = await fetchFrom(node, path)
    await answer.arrayBuffer()
    return answer.status !== 424
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}

describe('a node with a proxied repository', () => {
  it('serves it beside its sidecars, from the origin and then from the store', async (t) => {
    const origin = await TestOrigin.start(t, FILES)
    const proxy = [{ name: 'central', url: origin.url }]
    const node = await startNode(t, { dataDir: join(temporaryDirectory(t), 'data'), proxy })
    for (const [path, bytes] of Object.entries(FILES)) {
      const first = await fetchFrom(node, path)
      assert.equal(first.headers.get('x-jarswarm-source'), 'origin')
      assert.ok(Buffer.from(await first.arrayBuffer()).equals(bytes))
      const sha1 = createHash('sha1').update(bytes).digest('hex')
      assert.equal(first.headers.get('x-checksum-sha1'), sha1)
      assert.equal((await bytesOf(node, `${path}.sha1`)).toString(), sha1)
      const md5 = createHash('md5').update(bytes).digest('hex')
      assert.equal((await bytesOf(node, `${path}.md5`)).toString(), md5)
      const second = await fetchFrom(node, path, { method: 'HEAD' })
      assert.equal(second.headers.get('x-jarswarm-source'), 'store')
      for (const header of ['etag', 'last-modified', 'content-length']) {
        assert.equal(second.headers.get(header), first.headers.get(header), header)
      }
    }
    assert.equal((await fetchFrom(node, 'g/none/1/none-1.jar')).status, 404)
  })

  it('counts it apart, and follows no repository for it', async (t) => {
    const origin = await TestOrigin.start(t, FILES)
    const dataDir = join(temporaryDirectory(t), 'data')
    const node = await startNode(t, { dataDir, proxy: [{ name: 'central', url: origin.url }] })
    await bytesOf(node, POM)
    await bytesOf(node, POM)
    const status = node.statusNow()
    assert.deepEqual(status.repositories, [])
    assert.equal(status.served.requests, 0)
    const [proxied] = status.proxied ?? []
    assert.equal(proxied?.name, 'central')
    const { requests, bytes, bySource } = proxied.served
    // The second answer comes from memory.
    assert.deepEqual(
      { requests, bytes, bySource },
      {
        requests: 2,
        bytes: 20,
        bySource: { store: 1, peer: 0, origin: 1 },
      },
    )
    const metrics = await (await fetch(`${String(node.url)}/-/metrics`)).text()
    assert.match(metrics, /^jarswarm_proxied_requests_total\{repository="central"\} 2$/m)
    const page = await (await fetch(`${String(node.url)}/`)).text()
    assert.match(page, /nobody signed it/)
    assert.match(page, /<summary>central<\/summary>/)
  })

  it('has it after a restart, while the origin is away, and says what is old', async (t) => {
    const origin = await TestOrigin.start(t, FILES)
    const dataDir = join(temporaryDirectory(t), 'data')
    const proxy = [{ name: 'central', url: origin.url }]
    let nowMs = Date.now()
    const clock = {
      now: () => nowMs,
      monotonicMs: () => performance.now(),
      setTimer: (callback: () => void, delayMs: number) => {
        const timer = setTimeout(callback, delayMs).unref()
        return {
          cancel: () => {
            clearTimeout(timer)
          },
        }
      },
    }
    const first = await startNode(t, { dataDir, proxy, clock })
    for (const path of Object.keys(FILES)) await bytesOf(first, path)
    await first.stop()
    origin.manner = 'away'
    nowMs += 3_600_000
    const second = await startNode(t, { dataDir, proxy, clock })
    for (const [path, bytes] of Object.entries(FILES)) {
      assert.ok((await bytesOf(second, path)).equals(bytes))
    }
    const metadata = await fetchFrom(second, METADATA)
    assert.equal(metadata.headers.get('x-jarswarm-stale'), '3600')
    assert.equal((await fetchFrom(second, 'g/b/1/b-1.pom')).status, 424)
  })

  const manners: readonly OriginManner[] = ['wrong', 'truncated', 'busy', 'failing', 'page', 'away']
  for (const manner of manners) {
    it(`answers 424, and nothing else, when the origin is: ${manner}`, async (t) => {
      const origin = await TestOrigin.start(t, FILES)
      const dataDir = join(temporaryDirectory(t), 'data')
      const node = await startNode(t, { dataDir, proxy: [{ name: 'central', url: origin.url }] })
      origin.manner = manner
      for (const path of [POM, JAR, METADATA]) {
        const answer = await fetchFrom(node, path)
        assert.equal(answer.status, 424)
        assert.match(answer.statusText, /central/)
      }
      assert.equal(node.statusNow().store.blobs, 0)
    })
  }

  for (const manner of ['wrong', 'truncated'] as const) {
    it(`cuts a large file short when the origin's is: ${manner}`, async (t) => {
      const origin = await TestOrigin.start(t, FILES)
      const dataDir = join(temporaryDirectory(t), 'data')
      const node = await startNode(t, { dataDir, proxy: [{ name: 'central', url: origin.url }] })
      await bytesOf(node, LARGE_POM)
      origin.manner = manner
      assert.equal(await arrivesWhole(node, LARGE), false)
      origin.manner = 'whole'
      assert.ok((await bytesOf(node, LARGE)).equals(FILES[LARGE]))
    })
  }

  it('answers no jar whose pom cannot be had', async (t) => {
    const origin = await TestOrigin.start(t, FILES)
    const dataDir = join(temporaryDirectory(t), 'data')
    const node = await startNode(t, { dataDir, proxy: [{ name: 'central', url: origin.url }] })
    origin.manners.set(POM, 'failing')
    const refused = await fetchFrom(node, JAR)
    assert.equal(refused.status, 424)
    assert.match(refused.statusText, /Cannot get a-1\.pom from central: .* status 500/)
    origin.manners.delete(POM)
    assert.ok((await bytesOf(node, JAR)).equals(FILES[JAR]))
    origin.files.set('g/b/1/b-1.jar', Buffer.from('a jar that has none'))
    assert.equal((await bytesOf(node, 'g/b/1/b-1.jar')).toString(), 'a jar that has none')
  })

  it('keeps within the quota', async (t) => {
    const files = Object.fromEntries(
      Array.from({ length: 10 }, (_, at) => [`g/f${at}`, Buffer.alloc(1_000, at)]),
    )
    const origin = await TestOrigin.start(t, files)
    const dataDir = join(temporaryDirectory(t), 'data')
    const proxy = [{ name: 'central', url: origin.url }]
    const node = await startNode(t, { dataDir, proxy, quotaBytes: 3_500 })
    for (const [path, bytes] of Object.entries(files)) {
      assert.ok((await bytesOf(node, path)).equals(bytes))
    }
    assert.equal(node.statusNow().store.bytes, 3_000)
  })

  it('shares its name with no other repository', async (t) => {
    const directory = temporaryDirectory(t)
    const primary = await startPrimary(t, { directory })
    const dataDir = join(directory, 'data')
    const proxy = [{ name: 'demo', url: 'https://origin.invalid/' }]
    const init = { dataDir, proxy, version: '0.0.0', offline: true }
    const node = await createNode(init)
    await assert.rejects(node.join(primary.link()), RepositoryNameTakenError)
    await node.stop()
    const joined = await startNode(t, { dataDir, links: [primary.link()] })
    await joined.stop()
    await assert.rejects(createNode(init), RepositoryNameTakenError)
    const other = { name: 'other', url: 'https://origin.invalid/' }
    await assert.rejects(createNode({ ...init, proxy: [other, other] }), RepositoryNameTakenError)
  })
})
