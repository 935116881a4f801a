import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fixtureOf } from './_http-fixture.ts'

const MANIFEST = { kind: 'manifest' } as const
const MAX = { maxBytes: 65_536 }
const DATE = 'Mon, 23 Nov 2026 09:00:10 GMT'

/** Headers, and whether the next question is to name the tag. */
const CASES: Readonly<Record<string, readonly [Readonly<Record<string, string>>, boolean]>> = {
  'a tag of the bytes': [{ etag: '"a"' }, true],
  'a file that changed two seconds ago': [
    { etag: '"a"', date: DATE, 'last-modified': 'Mon, 23 Nov 2026 09:00:08 GMT' },
    true,
  ],
  'a file that may change again under the same tag': [
    { etag: '"a"', date: DATE, 'last-modified': 'Mon, 23 Nov 2026 09:00:09 GMT' },
    false,
  ],
  'a date that is none': [{ etag: '"a"', date: DATE, 'last-modified': 'yesterday' }, false],
  'a weak tag': [{ etag: 'W/"a"' }, false],
  'no tag': [{}, false],
}

describe('the root manifest of an upstream', () => {
  for (const [name, [headers, isAsked]] of Object.entries(CASES)) {
    it(`is ${isAsked ? 'not sent again' : 'sent again'}: ${name}`, async (t) => {
      const { upstream, seen } = await fixtureOf(t, (request, response) => {
        if (request.headers['if-none-match'] === '"a"') response.writeHead(304, headers).end()
        else response.writeHead(200, headers).end('a manifest')
      })
      for (let read = 0; read < 3; read += 1) {
        const bytes = await upstream.readPublished(MANIFEST, MAX)
        assert.equal(Buffer.from(bytes).toString(), 'a manifest')
      }
      const asked = seen.map(({ headers }) => headers['if-none-match'])
      assert.deepEqual(
        asked,
        isAsked ? [undefined, '"a"', '"a"'] : [undefined, undefined, undefined],
      )
      assert.equal(upstream.receivedBytes(), isAsked ? 10 : 30)
      assert.ok(seen.every(({ socket }) => !socket.destroyed))
    })
  }

  it('is another one as soon as there is one', async (t) => {
    let version = 1
    const { upstream } = await fixtureOf(t, (request, response) => {
      const etag = `"${String(version)}"`
      const isSame = request.headers['if-none-match'] === etag
      response.writeHead(isSame ? 304 : 200, { etag }).end(isSame ? '' : `seq ${String(version)}`)
    })
    const read = async (): Promise<string> =>
      Buffer.from(await upstream.readPublished(MANIFEST, MAX)).toString()
    assert.deepEqual([await read(), await read()], ['seq 1', 'seq 1'])
    version = 2
    assert.deepEqual([await read(), await read()], ['seq 2', 'seq 2'])
  })

  it('is the only thing that is asked for so', async (t) => {
    const { upstream, seen } = await fixtureOf(t, (_request, response) => {
      response.writeHead(200, { etag: '"a"' }).end('x')
    })
    for (let read = 0; read < 2; read += 1)
      await upstream.readPublished({ kind: 'root', number: 1 }, MAX)
    assert.deepEqual(
      seen.map(({ headers }) => headers['if-none-match']),
      [undefined, undefined],
    )
  })
})
