import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { ask, startEndpoint } from './_fixture.ts'

const JAR = 'org/example/lib/1.0/lib-1.0.jar'
const POM = 'org/example/lib/1.0/lib-1.0.pom'
const METADATA = 'org/example/lib/maven-metadata.xml'
const BIG = Buffer.alloc(700_000, 'jarswarm')

describe('GET and HEAD of an artifact', () => {
  it('gives the bytes and all headers from the index', async (t) => {
    const { port, source } = await startEndpoint(t)
    const entry = source.put(JAR, { bytes: 'jar bytes', source: 'peer' })
    const got = await ask(port, `/clojars/${JAR}`)
    assert.equal(got.status, 200)
    assert.equal(got.body.toString(), 'jar bytes')
    assert.equal(got.headers['content-length'], '9')
    assert.equal(got.headers.etag, `"{SHA1{${entry.sha1}}}"`)
    assert.equal(got.headers['x-checksum-sha1'], entry.sha1)
    assert.equal(got.headers['x-checksum-sha256'], entry.digest)
    assert.equal(got.headers['last-modified'], 'Tue, 14 Nov 2023 22:13:20 GMT')
    assert.equal(got.headers['accept-ranges'], 'bytes')
    assert.equal(got.headers['content-type'], 'application/java-archive')
    assert.equal(got.headers['cache-control'], 'public, max-age=31536000, immutable')
    assert.equal(got.headers['x-jarswarm-source'], 'peer')
    assert.equal(got.headers['content-encoding'], undefined)
    assert.equal(got.headers['x-content-type-options'], 'nosniff')
    assert.match(String(got.headers['content-security-policy']), /sandbox/)
  })

  it('gives HEAD the headers of GET, small and large', async (t) => {
    for (const bytes of ['small', BIG]) {
      const { port, source } = await startEndpoint(t)
      source.put(JAR, { bytes })
      const head = await ask(port, `/clojars/${JAR}`, { method: 'HEAD' })
      const get = await ask(port, `/clojars/${JAR}`)
      assert.equal(head.status, 200)
      assert.equal(head.body.length, 0)
      assert.deepEqual({ ...head.headers, date: '' }, { ...get.headers, date: '' })
      assert.equal(source.unreleased, 0)
    }
  })

  it('serves small blobs from memory the second time', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(JAR, { bytes: 'small', source: 'peer' })
    await ask(port, `/clojars/${JAR}`)
    const second = await ask(port, `/clojars/${JAR}`)
    assert.equal(second.headers['x-jarswarm-source'], 'store')
    assert.deepEqual(source.opened, [JAR])
    assert.equal(source.unreleased, 0)
  })

  it('streams a large blob whole', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(JAR, { bytes: BIG, source: 'origin' })
    const got = await ask(port, `/clojars/${JAR}`)
    assert.ok(got.body.equals(BIG))
    assert.equal(got.headers['content-length'], String(BIG.length))
    assert.equal(source.unreleased, 0)
  })

  it('serves an empty artifact', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(JAR, { bytes: '' })
    const got = await ask(port, `/clojars/${JAR}`)
    assert.equal(got.status, 200)
    assert.equal(got.headers['content-length'], '0')
  })

  it('keeps +, %2B and ~ and folds slashes', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put('a/b/1.0+x~y/b-1.0+x~y.pom', { bytes: 'pom' })
    for (const path of [
      '/clojars/a/b/1.0+x~y/b-1.0+x~y.pom',
      '/clojars/a/b/1.0%2Bx~y/b-1.0%2bx%7Ey.pom',
      '//clojars///a//b/1.0+x~y/b-1.0+x~y.pom',
    ])
      assert.equal((await ask(port, path)).status, 200, path)
  })

  it('ignores the no-cache of the request', async (t) => {
    const { port, source } = await startEndpoint(t)
    const { sha1 } = source.put(JAR, { bytes: 'x' })
    const headers = {
      'If-None-Match': `"{SHA1{${sha1}}}"`,
      'Cache-Control': 'no-cache',
      Pragma: 'no-cache',
    }
    const got = await ask(port, `/clojars/${JAR}`, { headers })
    assert.equal(got.status, 304)
    assert.equal(got.headers.etag, `"{SHA1{${sha1}}}"`)
    assert.equal(got.body.length, 0)
    assert.deepEqual(source.opened, [])
  })

  it('honours If-Modified-Since and If-Unmodified-Since', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(JAR, { bytes: 'x' })
    const at = 'Tue, 14 Nov 2023 22:13:20 GMT'
    const before = 'Tue, 14 Nov 2023 22:13:19 GMT'
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await ask(port, `/clojars/${JAR}`, { headers })).status
    assert.equal(await status({ 'If-Modified-Since': at }), 304)
    assert.equal(await status({ 'If-Modified-Since': before }), 200)
    assert.equal(await status({ 'If-Unmodified-Since': at }), 200)
    assert.equal(await status({ 'If-Unmodified-Since': before }), 412)
    assert.equal(await status({ 'If-Match': '"other"' }), 412)
  })
})

describe('ranges', () => {
  it('gives a single range of small and large blobs', async (t) => {
    for (const bytes of [Buffer.from('0123456789'), BIG]) {
      const { port, source } = await startEndpoint(t)
      source.put(JAR, { bytes })
      const got = await ask(port, `/clojars/${JAR}`, { headers: { Range: 'bytes=4-' } })
      assert.equal(got.status, 206)
      assert.ok(got.body.equals(bytes.subarray(4)))
      assert.equal(got.headers['content-range'], `bytes 4-${bytes.length - 1}/${bytes.length}`)
      assert.equal(got.headers['content-length'], String(bytes.length - 4))
      assert.equal(source.unreleased, 0)
    }
  })

  it('answers 416 outside of the file without opening it', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(JAR, { bytes: '0123456789' })
    const got = await ask(port, `/clojars/${JAR}`, { headers: { Range: 'bytes=10-' } })
    assert.equal(got.status, 416)
    assert.equal(got.headers['content-range'], 'bytes */10')
    assert.deepEqual(source.opened, [])
  })

  it('sends the whole for several ranges, for HEAD, and when If-Range does not match', async (t) => {
    const { port, source } = await startEndpoint(t)
    const { sha1 } = source.put(JAR, { bytes: '0123456789' })
    const ranged = async (headers: Record<string, string>, method = 'GET'): Promise<number> =>
      (await ask(port, `/clojars/${JAR}`, { method, headers })).status
    assert.equal(await ranged({ Range: 'bytes=0-1,4-5' }), 200)
    assert.equal(await ranged({ Range: 'bytes=4-' }, 'HEAD'), 200)
    assert.equal(await ranged({ Range: 'bytes=4-', 'If-Range': '"other"' }), 200)
    assert.equal(await ranged({ Range: 'bytes=4-', 'If-Range': `"{SHA1{${sha1}}}"` }), 206)
    assert.equal(
      await ranged({ Range: 'bytes=4-', 'If-Range': 'Tue, 14 Nov 2023 22:13:20 GMT' }),
      206,
    )
  })
})

describe('sidecars', () => {
  it('derives each as bare hex', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(JAR, { bytes: BIG })
    for (const algorithm of ['md5', 'sha1', 'sha256', 'sha512']) {
      const got = await ask(port, `/clojars/${JAR}.${algorithm}`)
      assert.equal(got.status, 200)
      assert.equal(got.body.toString(), createHash(algorithm).update(BIG).digest('hex'))
      assert.equal(got.headers['content-type'], 'text/plain; charset=utf-8')
      assert.equal(got.headers['x-jarswarm-source'], undefined)
    }
    assert.equal(source.opened.length, 1)
    assert.equal(source.unreleased, 0)
  })

  it('tells the MD5 in the headers once it is known', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(JAR, { bytes: 'x' })
    assert.equal((await ask(port, `/clojars/${JAR}`)).headers['x-checksum-md5'], undefined)
    const md5 = (await ask(port, `/clojars/${JAR}.md5`)).body.toString()
    assert.equal((await ask(port, `/clojars/${JAR}`)).headers['x-checksum-md5'], md5)
  })

  it('answers SHA-1 though the bytes cannot be had, and 424 for MD5', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(JAR, { bytes: 'x', manner: 'unavailable' })
    assert.equal((await ask(port, `/clojars/${JAR}.sha1`)).status, 200)
    assert.equal((await ask(port, `/clojars/${JAR}.md5`)).status, 424)
  })

  it('pairs the sidecar of a mutable file with the version that went out', async (t) => {
    const { port, source, clock } = await startEndpoint(t)
    const first = source.put(METADATA, { bytes: 'one' })
    await ask(port, `/clojars/${METADATA}`)
    const second = source.put(METADATA, { bytes: 'two' })
    assert.equal((await ask(port, `/clojars/${METADATA}.sha1`)).body.toString(), first.sha1)
    clock.advance(10_001)
    assert.equal((await ask(port, `/clojars/${METADATA}.sha1`)).body.toString(), second.sha1)
  })

  it('is 404 when its artifact is absent', async (t) => {
    const { port } = await startEndpoint(t)
    assert.equal((await ask(port, `/clojars/${JAR}.sha1`)).status, 404)
  })

  it('serves ranges and conditions of a sidecar', async (t) => {
    const { port, source } = await startEndpoint(t)
    const { sha1 } = source.put(JAR, { bytes: 'x' })
    const path = `/clojars/${JAR}.sha1`
    const part = await ask(port, path, { headers: { Range: 'bytes=0-3' } })
    assert.equal(part.status, 206)
    assert.equal(part.body.toString(), sha1.slice(0, 4))
    const { etag = '' } = part.headers
    assert.equal((await ask(port, path, { headers: { 'If-None-Match': etag } })).status, 304)
  })
})

describe('mutable files', () => {
  it('are not cached, and tell their age when stale', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(METADATA, { bytes: 'm' })
    source.put(JAR, { bytes: 'j' })
    source.age = { state: 'stale', staleSeconds: 77.9 }
    const metadata = await ask(port, `/clojars/${METADATA}`)
    assert.equal(metadata.headers['cache-control'], 'no-cache')
    assert.equal(metadata.headers['x-jarswarm-stale'], '77')
    assert.equal((await ask(port, `/clojars/${JAR}`)).headers['x-jarswarm-stale'], undefined)
  })

  it('are 424 under a suspect head, as is what is absent; releases are served', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(METADATA, { bytes: 'm' })
    source.put(JAR, { bytes: 'j' })
    source.age = { state: 'suspect', staleSeconds: 40 * 86_400 }
    const metadata = await ask(port, `/clojars/${METADATA}`)
    assert.equal(metadata.status, 424)
    assert.match(metadata.phrase, /expired 40 days ago/)
    assert.equal((await ask(port, `/clojars/${METADATA}.sha1`)).status, 424)
    assert.equal((await ask(port, '/clojars/no/such/1/such-1.pom')).status, 424)
    assert.equal((await ask(port, `/clojars/${JAR}`)).status, 200)
  })
})

describe('what cannot be had', () => {
  it('is 404 only when proven absent', async (t) => {
    const { port, source } = await startEndpoint(t)
    const absent = await ask(port, `/clojars/${JAR}`)
    assert.equal(absent.status, 404)
    assert.equal(absent.headers['cache-control'], 'no-store')
    assert.equal(absent.body.toString(), `${absent.phrase}\n`)
    source.unknownReason = 'The index is not here yet'
    const unknown = await ask(port, `/clojars/${JAR}`)
    assert.equal(unknown.status, 424)
    assert.equal(unknown.phrase, 'The index is not here yet')
  })

  it('is 424 with the reason, GET and HEAD', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(JAR, { bytes: 'x', manner: 'unavailable' })
    const got = await ask(port, `/clojars/${JAR}`)
    assert.equal(got.status, 424)
    assert.equal(got.phrase, `No source has ${JAR} now`)
    const head = await ask(port, `/clojars/${JAR}`, { method: 'HEAD' })
    assert.equal(head.status, 424)
    assert.equal(head.headers['content-length'], got.headers['content-length'])
  })

  it('makes the jar 424 with its pom, GET and HEAD', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(JAR, { bytes: 'jar' })
    source.put(POM, { bytes: 'pom', manner: 'unavailable' })
    for (const method of ['GET', 'HEAD']) {
      const got = await ask(port, `/clojars/${JAR}`, { method })
      assert.equal(got.status, 424)
      assert.match(got.phrase, /lib-1\.0\.jar waits for its pom/)
    }
  })

  it('is 424 for an unknown repository, naming those there are', async (t) => {
    const { port } = await startEndpoint(t)
    const got = await ask(port, '/central/a/b/1/b-1.pom')
    assert.equal(got.status, 424)
    assert.equal(got.phrase, 'This node has no repository central; it has clojars')
  })
})

describe('directories', () => {
  it('are listed with and without trailing slash', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put('org/clojure/data.xml/1.0/data.xml-1.0.pom', { bytes: 'x' })
    source.put('org/clojure/data.xml/1+0/data.xml-1+0.pom', { bytes: 'x' })
    const slash = await ask(port, '/clojars/org/clojure/data.xml/')
    const bare = await ask(port, '/clojars/org/clojure/data.xml')
    assert.equal(slash.status, 200)
    assert.equal(slash.headers['content-type'], 'text/html; charset=utf-8')
    assert.ok(slash.body.equals(bare.body))
    assert.match(slash.body.toString(), /href="\/clojars\/org\/clojure\/data\.xml\/1%2B0\/"/)
    assert.match((await ask(port, '/clojars')).body.toString(), /href="\/clojars\/org\/"/)
  })

  it('are 404 when absent, or a file', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(JAR, { bytes: 'x' })
    assert.equal((await ask(port, '/clojars/com/')).status, 404)
    assert.equal((await ask(port, `/clojars/${JAR}/`)).status, 404)
  })

  it('are 424 while only a whole index could say', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.indexComplete = false
    assert.equal((await ask(port, '/clojars/com/')).status, 424)
    assert.equal((await ask(port, '/clojars/com/x/1/x-1.pom')).status, 404)
  })

  it('escape hostile names', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put('a/<script>"&\'/x', { bytes: 'x' })
    const body = (await ask(port, '/clojars/a/')).body.toString()
    assert.doesNotMatch(body, /<script>/)
    assert.match(body, /&lt;script&gt;&quot;&amp;&#39;/)
  })
})
