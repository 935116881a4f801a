import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { ManualClock, MemoryArtifactSource } from '@jarswarm/testkit'
import { Endpoint } from '../src/index.ts'
import type { OpenPublished } from '../src/index.ts'
import { ask, nodeStatus } from './_fixture.ts'
import type { Answered } from './_fixture.ts'

const HOST = 'mirror.example'
const JAR = 'org/example/lib/1.0/lib-1.0.jar'
const BYTES = Buffer.from('a jar')

interface Site {
  readonly sources: MemoryArtifactSource[]
  /** Ask as a stranger does, for the public host. */
  readonly read: (path: string, options?: Parameters<typeof ask>[2]) => Promise<Answered>
  /** Ask with headers of one's own. */
  readonly ask: (path: string, headers: Record<string, string>) => Promise<Answered>
  /** What was asked of the published form. */
  readonly opened: string[]
}

async function startSite(t: TestContext, url = `https://${HOST}/maven/`): Promise<Site> {
  const source = new MemoryArtifactSource({ origin: 'https://repo.example/' })
  source.put(JAR, { bytes: BYTES })
  const sources = [source]
  const opened: string[] = []
  const openPublished: OpenPublished = (asked, name) => {
    opened.push(`${asked.name} ${JSON.stringify(name)}`)
    if (name.kind === 'log') return Promise.resolve(undefined)
    return Promise.resolve({
      source: 'store',
      sizeBytes: BYTES.length,
      // eslint-disable-next-line @typescript-eslint/require-await -- the port's form; the bytes are in memory
      read: async function* () {
        yield BYTES
      },
      release: () => undefined,
    })
  }
  const clock = new ManualClock()
  const nothing = (): void => undefined
  const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }
  const endpoint: Endpoint = new Endpoint(
    {
      repositories: () => sources,
      openPublished,
      status: () => nodeStatus(sources, endpoint),
      clock,
      logger,
    },
    { port: 0, publicUrl: url },
  )
  await endpoint.start()
  t.after(async () => {
    const stopped = endpoint.stop()
    clock.advance(60_000)
    await stopped
  })
  const port = Number(new URL(endpoint.address()).port)
  return {
    sources,
    opened,
    read: (path, options = {}) =>
      ask(port, path, { ...options, headers: { host: HOST, ...options.headers } }),
    ask: (path, headers) => ask(port, path, { headers }),
  }
}

describe('the public URL', () => {
  it('has the tree of one repository, without its name', async (t) => {
    const site = await startSite(t)
    const jar = await site.read(`/maven/${JAR}`)
    assert.equal(jar.status, 200)
    assert.deepEqual(jar.body, BYTES)
    assert.equal((await site.read(`/maven/clojars/${JAR}`)).status, 404)
    const sidecar = await site.read(`/maven/${JAR}.sha1`)
    assert.equal(sidecar.body.toString(), createHash('sha1').update(BYTES).digest('hex'))
    assert.equal((await site.read('/maven/org/example/none/1/none-1.jar')).status, 404)
  })

  it('may stand at the root of a host', async (t) => {
    const site = await startSite(t, `https://${HOST}`)
    assert.equal((await site.read(`/${JAR}`)).status, 200)
  })

  it('has several repositories below their names', async (t) => {
    const site = await startSite(t)
    site.sources.push(new MemoryArtifactSource({ name: 'other' }))
    assert.equal((await site.read(`/maven/clojars/${JAR}`)).status, 200)
    assert.equal((await site.read(`/maven/${JAR}`)).status, 404)
  })

  it('lists folders with links that lead on below it', async (t) => {
    const site = await startSite(t)
    const listing = await site.read('/maven/org/example/')
    assert.equal(listing.status, 200)
    assert.match(listing.body.toString(), /href="\/maven\/org\/example\/lib\/"/)
  })

  it('has nothing else of the node', async (t) => {
    const site = await startSite(t)
    const paths = ['/', '/-/status', '/-/metrics', '/-/health', `/clojars/${JAR}`]
    for (const path of [
      ...paths,
      '/maven/-/status',
      '/maven/../-/status',
      '/maven/%2e%2e/-/status',
    ]) {
      const { status, body } = await site.read(path)
      assert.ok(status === 404 || status === 400, `${path}: ${status}`)
      assert.ok(!body.toString().includes('12D3Koo'), path)
    }
  })

  it('takes only requests that read', async (t) => {
    const site = await startSite(t)
    for (const method of ['PUT', 'POST', 'DELETE', 'OPTIONS']) {
      assert.equal((await site.read(`/maven/${JAR}`, { method })).status, 405, method)
    }
    const head = await site.read(`/maven/${JAR}`, { method: 'HEAD' })
    assert.equal(head.status, 200)
    assert.equal(head.headers['content-length'], String(BYTES.length))
  })

  it('answers whoever a web page of others sends', async (t) => {
    const site = await startSite(t)
    const headers = { 'sec-fetch-site': 'cross-site' }
    assert.equal((await site.read(`/maven/${JAR}`, { headers })).status, 200)
    assert.equal((await site.ask(`/clojars/${JAR}`, headers)).status, 403)
  })

  it('leaves the pages of this machine to this machine', async (t) => {
    const site = await startSite(t)
    assert.equal((await site.ask('/-/health', {})).status, 200)
    for (const name of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip']) {
      assert.equal((await site.ask('/-/status', { [name]: '192.0.2.1' })).status, 421, name)
    }
    const passedOn = { host: `${HOST}:443`, 'x-forwarded-for': '192.0.2.1' }
    assert.equal((await site.ask(`/maven/${JAR}`, passedOn)).status, 200)
    assert.equal((await site.ask(`/maven/${JAR}`, { host: 'other.example' })).status, 421)
  })

  it('has the published form, so that nodes can use it', async (t) => {
    const site = await startSite(t)
    const digest = createHash('sha256').update(BYTES).digest('hex')
    const paths = [
      'manifest',
      'roots/1.root.json',
      `objects/${digest.slice(0, 2)}/${digest}`,
      `blobs/${digest.slice(0, 2)}/${digest}`,
      `packs/${digest}`,
    ]
    for (const path of paths) {
      const { status, body, headers } = await site.read(`/maven/.jarswarm/${path}`)
      assert.equal(status, 200, path)
      assert.deepEqual(body, BYTES)
      assert.match(
        String(headers['cache-control']),
        path === 'manifest' ? /max-age=10$/ : /immutable/,
      )
    }
    assert.equal(site.opened.length, paths.length)
  })

  it('says of the manifest that it did not change', async (t) => {
    const site = await startSite(t)
    const { etag } = (await site.read('/maven/.jarswarm/manifest')).headers
    const headers = { 'if-none-match': String(etag) }
    assert.equal((await site.read('/maven/.jarswarm/manifest', { headers })).status, 304)
  })

  it('asks for nothing that the published form does not have, and lets nobody remember what it lacks', async (t) => {
    const site = await startSite(t)
    const digest = 'ab'.repeat(32)
    for (const path of [
      '',
      'manifest/',
      'manifest/more',
      'roots/0.root.json',
      'roots/more/1.root.json',
      `objects/cd/${digest}`,
      `objects/${digest}`,
      `blobs/ab/${digest}/`,
      'secrets',
    ]) {
      const { status, headers } = await site.read(`/maven/.jarswarm/${path}`)
      assert.equal(status, 404, path)
      assert.equal(headers['cache-control'], 'no-store')
    }
    assert.deepEqual(site.opened, [])
    const tile = await site.read('/maven/.jarswarm/log/tile/0/000')
    assert.equal(tile.status, 404)
    assert.equal(tile.headers['cache-control'], 'no-store')
    assert.equal(site.opened.length, 1)
  })
})
