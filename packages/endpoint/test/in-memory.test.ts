import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { ask, startEndpoint } from './_fixture.ts'
import type { Fixture } from './_fixture.ts'

const JAR = 'org/example/lib/1.0/lib-1.0.jar'
const POM = 'org/example/lib/1.0/lib-1.0.pom'

/** An endpoint whose source remembers where a jar is, and that has given it once. */
async function startWarm(t: TestContext, files: readonly string[] = [JAR, POM]): Promise<Fixture> {
  const fixture = await startEndpoint(t)
  for (const path of files) fixture.source.put(path, { bytes: `the bytes of ${path}` })
  fixture.source.remembers = true
  assert.equal((await ask(fixture.port, `/clojars/${JAR}`)).status, 200)
  return fixture
}

describe('a file in memory', () => {
  it('is answered without waiting for anything, alike', async (t) => {
    for (const files of [[JAR, POM], [JAR]]) {
      const { port, source, clock } = await startWarm(t, files)
      const before = await ask(port, `/clojars/${JAR}`)
      source.silent = true
      const opened = source.opened.length
      const timers = t.mock.method(clock, 'setTimer')
      const { status, headers, body } = await ask(port, `/clojars/${JAR}`)
      assert.equal(timers.mock.callCount(), 0)
      assert.equal(source.opened.length, opened)
      assert.deepEqual([status, body], [200, before.body])
      assert.equal(body.toString(), `the bytes of ${JAR}`)
      assert.deepEqual({ ...headers, date: '' }, { ...before.headers, date: '' })
      assert.equal(headers['x-jarswarm-source'], 'store')
    }
  })

  it('has no body for HEAD, a part for a range, and 304 for its tag', async (t) => {
    const { port, source } = await startWarm(t)
    source.silent = true
    const path = `/clojars/${JAR}`
    const head = await ask(port, path, { method: 'HEAD' })
    assert.deepEqual([head.status, head.body.length], [200, 0])
    assert.equal(head.headers['content-length'], String(`the bytes of ${JAR}`.length))
    const part = await ask(port, path, { headers: { Range: 'bytes=4-8' } })
    assert.deepEqual([part.status, part.body.toString()], [206, 'bytes'])
    const tag = String(head.headers.etag)
    const spared = await ask(port, path, { headers: { 'If-None-Match': tag } })
    assert.deepEqual([spared.status, spared.headers.etag], [304, tag])
  })

  it('is counted, and told with the bytes that it has', async (t) => {
    const { port, endpoint } = await startWarm(t)
    const before = endpoint.served()
    await ask(port, `/clojars/${JAR}`)
    const { requests, bytes, bySource } = endpoint.served()
    assert.equal(requests, before.requests + 1)
    assert.equal(bytes, before.bytes + `the bytes of ${JAR}`.length)
    assert.equal(bySource.store, before.bySource.store + 1)
  })

  it('waits for its pom when only that is not in memory', async (t) => {
    const { port, source } = await startWarm(t, [JAR])
    source.put(POM, { bytes: 'a pom that came later', manner: 'unavailable' })
    assert.equal((await ask(port, `/clojars/${JAR}`)).status, 424)
    source.put(POM, { bytes: 'a pom that came later' })
    assert.equal((await ask(port, `/clojars/${JAR}`)).status, 200)
  })

  it('is gone at once when it is withdrawn', async (t) => {
    const { port, source } = await startWarm(t)
    const taken = { kind: 'denied', reason: undefined } as const
    source.taken.set(JAR, taken)
    source.silent = true
    assert.equal((await ask(port, `/clojars/${JAR}`)).status, 451)
    source.taken.delete(JAR)
    assert.equal((await ask(port, `/clojars/${JAR}`)).status, 200)
  })

  it('gets the headers that a moment adds', async (t) => {
    const { port, source } = await startWarm(t)
    const snapshot = 'org/example/lib/1-SNAPSHOT/lib-1-SNAPSHOT.jar'
    source.put(snapshot, { bytes: 'a snapshot' })
    const stale = async (): Promise<unknown> =>
      (await ask(port, `/clojars/${snapshot}`)).headers['x-jarswarm-stale']
    assert.equal(await stale(), undefined)
    source.age = { state: 'stale', staleSeconds: 60 }
    assert.equal(await stale(), '60')
    source.age = { state: 'fresh', staleSeconds: 0 }
    assert.equal(await stale(), undefined)
    const md5 = async (): Promise<unknown> =>
      (await ask(port, `/clojars/${JAR}`)).headers['x-checksum-md5']
    assert.equal(await md5(), undefined)
    const sidecar = await ask(port, `/clojars/${JAR}.md5`)
    assert.equal(await md5(), sidecar.body.toString().trim())
  })
})
