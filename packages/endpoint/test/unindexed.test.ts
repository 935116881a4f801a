import { createHash } from 'node:crypto'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Head } from '@jarswarm/manifest'
import { SignedRepositoryBuilder } from '@jarswarm/testkit'
import { ask, startEndpoint } from './_fixture.ts'

const JAR = 'org/example/lib/1.0/lib-1.0.jar'
const POM = 'org/example/lib/1.0/lib-1.0.pom'
const OBSERVED = 'https://observed.example/maven'

function observedHead(): Head {
  const builder = new SignedRepositoryBuilder()
  return builder.put('a/b/1/b-1.pom', 'b').publish({ observed: OBSERVED }).head
}

describe('a file that an observed index does not name', () => {
  it('says so, and is not to be kept for long', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(JAR, { bytes: 'a jar', source: 'origin', unindexed: true })
    for (const method of ['GET', 'GET', 'HEAD']) {
      const got = await ask(port, `/clojars/${JAR}`, { method })
      assert.equal(got.status, 200)
      assert.equal(got.headers['x-jarswarm-source'], 'origin-unindexed')
      assert.equal(got.headers['cache-control'], 'no-cache')
    }
    assert.deepEqual(source.opened, [])
    assert.equal(source.unreleased, 0)
  })

  it('says so in ranges and large files too', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(JAR, { bytes: new Uint8Array(600_000), unindexed: true })
    const headers = { range: 'bytes=500000-500009' }
    const got = await ask(port, `/clojars/${JAR}`, { headers })
    assert.equal(got.status, 206)
    assert.equal(got.body.length, 10)
    assert.equal(got.headers['x-jarswarm-source'], 'origin-unindexed')
  })

  it('has sidecars of its own bytes', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(JAR, { bytes: 'a jar', unindexed: true })
    for (const algorithm of ['sha1', 'sha256', 'sha512', 'md5']) {
      const got = await ask(port, `/clojars/${JAR}.${algorithm}`)
      assert.equal(got.body.toString(), createHash(algorithm).update('a jar').digest('hex'))
    }
  })

  it('keeps its sidecar for whoever was just given it, though there is another by now', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(JAR, { bytes: 'from the origin', unindexed: true })
    await ask(port, `/clojars/${JAR}`)
    source.put(JAR, { bytes: 'newer still', unindexed: true })
    const md5 = await ask(port, `/clojars/${JAR}.md5`)
    assert.equal(md5.body.toString(), createHash('md5').update('from the origin').digest('hex'))
  })

  it('is counted as of the origin, and apart in the metrics', async (t) => {
    const { port, source, endpoint } = await startEndpoint(t)
    source.put(JAR, { bytes: 'a jar', source: 'store', unindexed: true })
    await ask(port, `/clojars/${JAR}`)
    await ask(port, `/clojars/${JAR}`)
    assert.deepEqual(endpoint.served().bySource, { store: 0, peer: 0, mirror: 0, origin: 2 })
    const text = (await ask(port, '/-/metrics')).body.toString()
    assert.match(text, /^jarswarm_requests_total\{status="200",source="origin-unindexed"\} 2$/m)
  })

  it('is a pom that its jar waits for', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(JAR, { bytes: 'a jar', unindexed: true })
    source.put(POM, { bytes: '<project/>', unindexed: true })
    assert.equal((await ask(port, `/clojars/${JAR}`)).status, 200)
    assert.deepEqual(source.openedUnindexed.toSorted(), [JAR, POM])
    source.put(POM, { bytes: '<project>other</project>', unindexed: true, manner: 'unavailable' })
    assert.equal((await ask(port, `/clojars/${JAR}`)).status, 424)
  })

  it('holds up no jar that the index names without a pom', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(JAR, { bytes: 'a jar' })
    source.put(POM, { bytes: '<project/>', unindexed: true, manner: 'unavailable' })
    assert.equal((await ask(port, `/clojars/${JAR}`)).status, 200)
    assert.deepEqual(source.openedUnindexed, [])
  })

  it('is not looked for under the name of a folder', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put('org/none', { bytes: 'a page', unindexed: true })
    assert.equal((await ask(port, '/clojars/org/none/')).status, 404)
  })
})

describe('an observed repository', () => {
  it('that has not got a file either is named in the 404', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.head = observedHead()
    const got = await ask(port, `/clojars/${JAR}`)
    assert.equal(got.status, 404)
    assert.equal(got.phrase, `clojars has no ${JAR} (head 1, and ${OBSERVED} does not have it)`)
  })

  it('is the place to deploy to', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.head = observedHead()
    const got = await ask(port, `/clojars/${JAR}`, { method: 'PUT' })
    assert.equal(got.status, 405)
    assert.ok(got.phrase.endsWith(`deploy to the primary, ${OBSERVED}`), got.phrase)
  })
})
