import { SourceUnavailableError, TruncatedError } from '@jarswarm/ports'
import type { RepositoryPath } from '@jarswarm/maven'
import { ManualClock } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HttpUpstream } from '../src/index.ts'
import { fixtureOf, realClock, serve } from './_http-fixture.ts'

const PATH = 'g/a/1/a-1.jar' as RepositoryPath
const MAX = { maxBytes: 65_536 }

async function read(
  upstream: HttpUpstream,
  sizeBytes: number,
  range?: { offset: number; length: number },
): Promise<string> {
  const chunks: Uint8Array[] = []
  const options = range === undefined ? { sizeBytes } : { sizeBytes, range }
  for await (const chunk of upstream.readArtifact(PATH, options)) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

describe('HttpUpstream', () => {
  it('says who asks, and asks for the bytes as they are', async (t) => {
    const { upstream, seen } = await fixtureOf(t, (_request, response) => response.end('x'))
    await read(upstream, 1)
    assert.equal(seen[0]?.url, '/repo/g/a/1/a-1.jar')
    assert.equal(seen[0].headers['user-agent'], 'jarswarm/0.0.0')
    assert.equal(seen[0].headers['accept-encoding'], 'identity')
    assert.equal(seen[0].headers.range, undefined)
  })

  it('reads a mutable file by its digest', async (t) => {
    const { upstream, seen } = await fixtureOf(t, (_request, response) => response.end('x'))
    const digest = 'ab'.repeat(32)
    const chunks: Uint8Array[] = []
    const name = { kind: 'blob', digest } as const
    for await (const chunk of upstream.readArtifact(name, { sizeBytes: 1 })) chunks.push(chunk)
    assert.equal(seen[0]?.url, `/repo/.jarswarm/blobs/ab/${digest}`)
  })

  for (const status of [301, 302, 303, 307, 308]) {
    it(`follows a redirect with ${status}`, async (t) => {
      const { upstream } = await fixtureOf(t, (request, response) => {
        if (request.url === '/elsewhere') response.end('x')
        else response.writeHead(status, { location: '/elsewhere' }).end()
      })
      assert.equal(await read(upstream, 1), 'x')
    })
  }

  it('gives up on a redirect loop', async (t) => {
    const { upstream, seen } = await fixtureOf(t, (request, response) => {
      response.writeHead(302, { location: request.url }).end()
    })
    await assert.rejects(read(upstream, 1), SourceUnavailableError)
    assert.equal(seen.length, 4)
  })

  it('refuses a redirect to another scheme, and one to nowhere', async (t) => {
    for (const location of ['ftp://127.0.0.1/x', 'http://[']) {
      const { upstream } = await fixtureOf(t, (_request, response) => {
        response.writeHead(302, { location }).end()
      })
      await assert.rejects(read(upstream, 1), SourceUnavailableError)
    }
  })

  it('refuses an encoded body', async (t) => {
    const { upstream } = await fixtureOf(t, (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('x')
    })
    await assert.rejects(read(upstream, 1), SourceUnavailableError)
    await assert.rejects(upstream.readPublished({ kind: 'manifest' }, MAX), SourceUnavailableError)
  })

  it('refuses a part of another range', async (t) => {
    const { upstream } = await fixtureOf(t, (_request, response) => {
      response.writeHead(206, { 'content-range': 'bytes 0-1/9' }).end('xy')
    })
    await assert.rejects(read(upstream, 9, { offset: 2, length: 2 }), SourceUnavailableError)
  })

  it('refuses a part of a file of another size', async (t) => {
    const { upstream } = await fixtureOf(t, (_request, response) => {
      response.writeHead(206, { 'content-range': 'bytes 2-3/10' }).end('xy')
    })
    await assert.rejects(read(upstream, 9, { offset: 2, length: 2 }), SourceUnavailableError)
  })

  it('cuts a part out of the whole that a server sends instead, and remembers it', async (t) => {
    let ignoresRanges = true
    const { upstream } = await fixtureOf(t, (_request, response) => {
      if (!ignoresRanges) response.writeHead(206, { 'content-range': 'bytes 2-4/9' })
      response.end(ignoresRanges ? '012345678' : '234')
    })
    assert.equal(await read(upstream, 9), '012345678')
    assert.equal(upstream.ignoresRanges, false, 'the whole was asked for')
    assert.equal(await read(upstream, 9, { offset: 2, length: 3 }), '234')
    assert.equal(upstream.ignoresRanges, true)
    ignoresRanges = false
    assert.equal(await read(upstream, 9, { offset: 2, length: 3 }), '234')
    assert.equal(upstream.ignoresRanges, false)
  })

  it('refuses a body without stated length that is too long or too short', async (t) => {
    const { upstream } = await fixtureOf(t, (_request, response) => {
      response.write('01234')
      response.end()
    })
    assert.equal(await read(upstream, 5), '01234')
    await assert.rejects(read(upstream, 4), SourceUnavailableError)
    await assert.rejects(read(upstream, 6), TruncatedError)
    const short = upstream.readPublished({ kind: 'manifest' }, { maxBytes: 4 })
    await assert.rejects(short, SourceUnavailableError)
  })

  it('refuses a range outside the artifact', async (t) => {
    const { upstream } = await fixtureOf(t, (_request, response) => response.end('x'))
    await assert.rejects(read(upstream, 1, { offset: 1, length: 1 }), RangeError)
  })

  it('refuses a URL that is not HTTP', () => {
    const init = { kind: 'origin', url: 'ftp://127.0.0.1', version: '0' } as const
    assert.throws(() => new HttpUpstream({ clock: realClock }, init), TypeError)
  })

  it('is unhealthy after three failures, and healthy after a probe', async (t) => {
    const clock = new ManualClock()
    const fixture = await serve((_request, response) => response.end('x'), { clock })
    t.after(() => fixture.close())
    const { upstream } = fixture
    fixture.setBehaviour('failing')
    for (let i = 0; i < 3; i += 1) await assert.rejects(read(upstream, 1))
    assert.equal(upstream.health().healthy, false)
    fixture.setBehaviour('healthy')
    clock.advance(5_000)
    while (!upstream.health().healthy) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(fixture.seen.at(-1)?.method, 'HEAD')
    assert.equal(clock.pendingTimers, 0)
  })
})
