import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sha256 } from '@jarswarm/manifest'
import type { Head } from '@jarswarm/manifest'
import type { WithdrawnStatus } from '@jarswarm/ports'
import { ask, sendRaw, startEndpoint, waitFor } from './_fixture.ts'

const JAR = 'org/example/lib/1.0/lib-1.0.jar'
const POM = 'org/example/lib/1.0/lib-1.0.pom'
const DIGEST = sha256(Buffer.from('a jar'))
const ISSUED_SECONDS = Date.UTC(2026, 10, 22, 23, 59) / 1000

const withdrawn = (reason: string | undefined) =>
  ({ kind: 'withdrawn', digest: DIGEST, reason, issuedSeconds: ISSUED_SECONDS }) as const

/** Each way of asking for a file or what is derived from it. */
const REQUESTS: readonly (readonly [method: string, path: string, name: string])[] = [
  ['GET', JAR, 'lib-1.0.jar'],
  ['HEAD', JAR, 'lib-1.0.jar'],
  ['GET', `${JAR}.sha1`, 'lib-1.0.jar.sha1'],
  ['GET', `${JAR}.md5`, 'lib-1.0.jar.md5'],
]

const withdrawnFile = (path: string, servedAt: boolean): WithdrawnStatus['files'][number] => ({
  path,
  digest: DIGEST,
  reason: 'malware: <steals> keys',
  withdrawn: '2026-11-22T23:59:00.000Z',
  servedAt: servedAt
    ? { first: '2026-11-20T08:00:00.000Z', last: '2026-11-21T09:30:00.000Z' }
    : null,
})

describe('a withdrawn file', () => {
  it('is 410 with day and reason, whatever is asked of it', async (t) => {
    const { port, source, complaints } = await startEndpoint(t)
    source.put(JAR, { bytes: 'a jar' })
    source.taken.set(JAR, withdrawn('malware: steals keys'))
    for (const [method, path, name] of REQUESTS) {
      const { status, phrase, body, headers } = await ask(port, `/clojars/${path}`, { method })
      const wanted = `${name} was withdrawn from clojars on 2026-11-22: malware: steals keys`
      assert.deepEqual([status, phrase], [410, wanted])
      assert.equal(body.toString().trim(), method === 'HEAD' ? '' : wanted)
      // It may be restored.
      assert.equal(headers['cache-control'], 'no-store')
    }
    assert.deepEqual(source.opened, [])
    assert.deepEqual(complaints, [])
  })

  it('is 410 without a reason, too, and for conditions and ranges', async (t) => {
    const { port, source } = await startEndpoint(t)
    const { sha1 } = source.put(JAR, { bytes: 'a jar' })
    source.taken.set(JAR, withdrawn(undefined))
    const headers = { 'If-None-Match': `"{SHA1{${sha1}}}"`, Range: 'bytes=0-1' }
    const { status, phrase } = await ask(port, `/clojars/${JAR}`, { headers })
    const wanted = 'lib-1.0.jar was withdrawn from clojars on 2026-11-22'
    assert.deepEqual([status, phrase], [410, wanted])
  })

  it('is not begun when it is withdrawn while its pom is waited for', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(JAR, { bytes: 'a jar' })
    source.put(POM, { bytes: '<project/>' })
    source.head = { seq: 1 } as Head
    const pom = Promise.withResolvers<undefined>()
    const open = source.open.bind(source)
    t.mock.method(source, 'open', async (...args: Parameters<typeof open>) => {
      if (args[0].path === POM) await pom.promise
      return await open(...args)
    })
    const asked = ask(port, `/clojars/${JAR}`)
    await waitFor(() => source.opened.includes(JAR))
    source.taken.set(JAR, withdrawn('malware'))
    source.head = { seq: 2 } as Head
    pom.resolve(undefined)
    assert.equal((await asked).status, 410)
    assert.equal(source.unreleased, 0)
  })

  it('leaves its jar without a pom, but not without an answer', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(JAR, { bytes: 'a jar' })
    source.taken.set(POM, withdrawn('legal'))
    assert.equal((await ask(port, `/clojars/${JAR}`)).status, 200)
  })

  it('on its way breaks the connection, so that no part is taken for the whole', async (t) => {
    const { port, source } = await startEndpoint(t)
    // As the mirror ends content whose file is withdrawn.
    source.put(JAR, { bytes: Buffer.alloc(700_000, 'jar'), manner: 'breaks' })
    const request = `GET /clojars/${JAR} HTTP/1.1\r\nHost: 127.0.0.1:${String(port)}\r\n\r\n`
    assert.equal((await sendRaw(port, request)).error, 'ECONNRESET')
  })
})

describe('a denied file', () => {
  it('is 451 with the reason, whatever is asked of it', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(JAR, { bytes: 'a jar' })
    for (const reason of ['not with us', undefined]) {
      source.taken.set(JAR, { kind: 'denied', reason })
      for (const [method, path, name] of REQUESTS) {
        const { status, phrase } = await ask(port, `/clojars/${path}`, { method })
        const why = reason === undefined ? '' : `: ${reason}`
        assert.deepEqual([status, phrase], [451, `The user of this node denied ${name}${why}`])
      }
    }
    assert.deepEqual(source.opened, [])
  })
})

describe('the dashboard', () => {
  it('tells of withdrawn files that builds got', async (t) => {
    const { port, source } = await startEndpoint(t)
    const page = async (): Promise<string> => (await ask(port, '/')).body.toString()
    assert.doesNotMatch(await page(), /Withdrawn/)
    source.withdrawn = { count: 0, files: [] }
    assert.doesNotMatch(await page(), /Withdrawn/)
    source.withdrawn = { count: 1, files: [withdrawnFile(POM, false)] }
    const quiet = await page()
    assert.match(quiet, /<dt>Withdrawn<\/dt>\s*<dd>\s*1\s+file/)
    assert.doesNotMatch(quiet, /your builds got/)
    source.withdrawn = { count: 2, files: [withdrawnFile(JAR, true), withdrawnFile(POM, false)] }
    const warning = await page()
    assert.match(warning, /2\s+files; your builds got from this node:/)
    assert.match(warning, new RegExp(`<code>${JAR}</code>: malware: &lt;steals&gt; keys`))
    assert.match(warning, /keys \(got 2026-11-20 08:00 UTC to 2026-11-21 09:30 UTC\)/)
    assert.doesNotMatch(warning, new RegExp(POM))
  })
})
