import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import type { Head } from '@jarswarm/manifest'
import { MemoryArtifactSource } from '@jarswarm/testkit'
import type { NodeStatus } from '../src/index.ts'
import { formatDuration, formatSize } from '../src/dashboard/wording.ts'
import { ask, startEndpoint } from './_fixture.ts'

const JAR = 'org/example/lib/1.0/lib-1.0.jar'

/** Any head: only that there is one counts here. */
function someHead(): Head {
  const digest = createHash('sha256').update('any').digest('hex')
  const index = { root: digest, directories: 0, files: 0, bytes: 0 }
  const history = { size: 0, root: digest }
  const issued = '2026-01-01T00:00:00Z'
  return {
    seq: 1,
    issued,
    index,
    history,
    previous: null,
    observed: null,
    pack: null,
    withdrawn: null,
  }
}

describe('/-/status', () => {
  it('is the status with what was served', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(JAR, { bytes: 'twelve bytes', source: 'origin' })
    await ask(port, `/clojars/${JAR}`)
    await ask(port, `/clojars/${JAR}`)
    await ask(port, `/clojars/${JAR}.sha1`)
    const got = await ask(port, '/-/status')
    assert.equal(got.headers['content-type'], 'application/json; charset=utf-8')
    assert.equal(got.headers['cache-control'], 'no-store')
    const status = JSON.parse(got.body.toString()) as NodeStatus
    assert.deepEqual(status.served, {
      requests: 3,
      bytes: 64,
      bySource: { store: 1, peer: 0, mirror: 0, origin: 1 },
    })
  })
})

describe('/-/health', () => {
  it('is 200 once serving; other names are 404', async (t) => {
    const { port } = await startEndpoint(t)
    assert.equal((await ask(port, '/-/health')).status, 200)
    assert.equal((await ask(port, '/-/health', { method: 'HEAD' })).status, 200)
    assert.equal((await ask(port, '/-/other')).status, 404)
    assert.equal((await ask(port, '/-')).status, 404)
  })

  it('says of a repository whether a build may be sent to it', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.head = undefined
    const before = await ask(port, `/-/health/${source.name}`)
    assert.equal(before.status, 424)
    source.head = someHead()
    assert.equal((await ask(port, `/-/health/${source.name}`)).status, 200)
    assert.equal((await ask(port, '/-/health/other')).status, 424)
    assert.equal((await ask(port, '/-/health')).status, 200)
  })
})

describe('/-/metrics', () => {
  it('counts requests by status and source, and shows the status', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(JAR, { bytes: 'x', source: 'peer' })
    await ask(port, `/clojars/${JAR}`)
    await ask(port, '/clojars/none')
    const text = (await ask(port, '/-/metrics')).body.toString()
    assert.match(text, /^jarswarm_requests_total\{status="200",source="peer"\} 1$/m)
    assert.match(text, /^jarswarm_requests_total\{status="404",source="none"\} 1$/m)
    assert.match(text, /^jarswarm_store_bytes 1500000$/m)
    assert.match(text, /^jarswarm_peers_connected 2$/m)
    assert.match(text, /^jarswarm_head_fresh\{repository="clojars"\} 1$/m)
    assert.match(text, /^jarswarm_request_duration_seconds_count 2$/m)
  })

  it('tells of history and evidence', async (t) => {
    const { port, source } = await startEndpoint(t)
    const read = async (name: string): Promise<string | undefined> => {
      const text = (await ask(port, '/-/metrics')).body.toString()
      return new RegExp(`^${name}\\{repository="clojars"\\} (\\d+)$`, 'm').exec(text)?.[1]
    }
    const said = {
      jarswarm_history_lines: '700',
      jarswarm_history_replayed: '1',
      jarswarm_history_fault: '1',
      jarswarm_head_held_back: '1',
      jarswarm_head_refused: '1',
      jarswarm_evidence_files: '2',
    }
    for (const name of Object.keys(said)) assert.equal(await read(name), '0', name)
    const heldBack = { seq: 2, reason: 'why', refused: true }
    t.mock.method(source, 'status', () => ({
      ...MemoryArtifactSource.prototype.status.call(source),
      history: { lines: 700, replayed: true, fault: 'why', heldBack },
      evidence: ['one', 'two'],
    }))
    for (const [name, value] of Object.entries(said)) assert.equal(await read(name), value, name)
  })
})

const DONATION = {
  donatedBytes: 5_000_000_000,
  usedBytes: 1_200_000_000,
  slices: 77,
  donors: 49,
  copies: { least: 3, wanted: 4 },
}

describe('donated space', () => {
  it('is told of by metrics and dashboard where there is any', async (t) => {
    const { port, source } = await startEndpoint(t)
    const metrics = async (): Promise<string> => (await ask(port, '/-/metrics')).body.toString()
    assert.match(await metrics(), /^jarswarm_donated_bytes\{repository="clojars"\} 0$/m)
    assert.ok(!(await ask(port, '/')).body.includes('Donated'))
    t.mock.method(source, 'status', () => ({
      ...MemoryArtifactSource.prototype.status.call(source),
      donation: DONATION,
    }))
    const text = await metrics()
    for (const line of ['donated_used_bytes 1200000000', 'donors 49', 'donated_slices 77']) {
      const [name = '', value = ''] = line.split(' ')
      assert.match(text, new RegExp(`^jarswarm_${name}\\{repository="clojars"\\} ${value}$`, 'm'))
    }
    assert.match(text, /^jarswarm_copies_least\{repository="clojars"\} 3$/m)
    assert.match(text, /^jarswarm_copies_wanted\{repository="clojars"\} 4$/m)
    const page = (await ask(port, '/')).body.toString().replaceAll(/\s+/g, ' ')
    assert.match(page, /1\.2 GB of 5\.0 GB used for 77 of its parts, beside 49 other donors/)
    assert.match(page, /every file is held at least 3 times of 4/)
  })
})

describe('the dashboard', () => {
  it('says of an observed repository who signed it', async (t) => {
    const { port, source } = await startEndpoint(t)
    const wanted = 'signed by someone who saw these bytes at https://repo.example/&amp;'
    assert.ok(!(await ask(port, '/')).body.includes(wanted))
    source.observed = 'https://repo.example/&'
    assert.ok((await ask(port, '/')).body.includes(wanted))
  })

  it('shows the node, and how to use it, with the real port', async (t) => {
    const { port } = await startEndpoint(t)
    const got = await ask(port, '/')
    const page = got.body.toString()
    assert.equal(got.headers['content-type'], 'text/html; charset=utf-8')
    assert.match(
      String(got.headers['content-security-policy']),
      /^default-src 'none'; style-src 'sha256-/,
    )
    assert.ok(page.includes(`http://127.0.0.1:${port}/clojars/`))
    for (const text of [
      'Leiningen',
      'Clojure CLI',
      'Maven',
      'Gradle',
      'curl',
      'Up to date',
      '20.0 GB',
    ])
      assert.ok(page.includes(text), text)
    assert.doesNotMatch(page, /<script|https?:\/\/(?!127\.0\.0\.1|repo\.example)/)
  })

  it('allows exactly its own style', async (t) => {
    const { port } = await startEndpoint(t)
    const got = await ask(port, '/')
    const style = /<style>([^]*?)<\/style>/.exec(got.body.toString())?.[1] ?? ''
    const digest = createHash('sha256').update(style).digest('base64')
    assert.ok(String(got.headers['content-security-policy']).includes(`'sha256-${digest}'`))
  })

  it('says in words what is wrong', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.age = { state: 'stale', staleSeconds: 5 }
    assert.match((await ask(port, '/')).body.toString(), /No news for too long/)
    source.age = { state: 'suspect', staleSeconds: 5 }
    assert.match((await ask(port, '/')).body.toString(), /Too old/)
  })

  it('works without a repository', async (t) => {
    const { port, sources } = await startEndpoint(t)
    sources.length = 0
    assert.match((await ask(port, '/')).body.toString(), /No repository yet/)
  })

  it('escapes what a repository says', async (t) => {
    const { port, sources } = await startEndpoint(t)
    sources.push(new MemoryArtifactSource({ name: '<b>"', origin: '"><script>alert(1)</script>' }))
    const page = (await ask(port, '/')).body.toString()
    assert.doesNotMatch(page, /<script|<b>/)
    assert.match(page, /&quot;&gt;&lt;script&gt;/)
  })
})

describe('wording', () => {
  it('has sizes and durations for people', () => {
    assert.deepEqual([0, 999, 1_000, 86_123_456, 2e10, 5e15].map(formatSize), [
      '0 B',
      '999 B',
      '1.0 KB',
      '86.1 MB',
      '20.0 GB',
      '5000 TB',
    ])
    assert.deepEqual([-1, 1, 59.9, 60, 7_200, 86_400 * 3].map(formatDuration), [
      '0 seconds',
      '1 second',
      '59 seconds',
      '1 minute',
      '2 hours',
      '3 days',
    ])
  })
})
