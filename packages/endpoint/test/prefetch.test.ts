import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import type { Prefetch, ServedArtifact } from '@jarswarm/ports'
import { ManualClock, MemoryArtifactSource, silentLogger } from '@jarswarm/testkit'
import { Endpoint } from '../src/index.ts'
import { ask, nodeStatus } from './_fixture.ts'

const POM = 'org/example/lib/1.0/lib-1.0.pom'

class RecordingPrefetch implements Prefetch {
  readonly artifacts: ServedArtifact[] = []
  readonly misses: string[] = []

  served(artifact: ServedArtifact): void {
    this.artifacts.push(artifact)
  }

  missed(repository: string, path: string): void {
    this.misses.push(`${repository} ${path}`)
  }

  readonly ahead = new Map<string, Uint8Array>()

  take(digest: string): Uint8Array | undefined {
    const bytes = this.ahead.get(digest)
    this.ahead.delete(digest)
    return bytes
  }

  counts(): { files: number; used: number } {
    return { files: 7, used: this.artifacts.length }
  }
}

async function start(
  t: TestContext,
): Promise<{ source: MemoryArtifactSource; prefetch: RecordingPrefetch; port: number }> {
  const source = new MemoryArtifactSource()
  const prefetch = new RecordingPrefetch()
  const endpoint: Endpoint = new Endpoint(
    {
      repositories: () => [source],
      prefetch,
      status: () => nodeStatus([source], endpoint),
      clock: new ManualClock(),
      logger: silentLogger,
    },
    { port: 0 },
  )
  await endpoint.start()
  t.after(() => endpoint.stop())
  return { source, prefetch, port: Number(new URL(endpoint.address()).port) }
}

describe('an endpoint with prefetch', () => {
  it('gives from memory what was fetched ahead, again and again', async (t) => {
    const { source, prefetch, port } = await start(t)
    const entry = source.put(POM, { bytes: '<project/>', manner: 'unavailable' })
    assert.equal((await ask(port, `/clojars/${POM}`)).status, 424)
    prefetch.ahead.set(entry.digest, Buffer.from('<project/>'))
    for (let time = 0; time < 2; time += 1) {
      const { status, body, headers } = await ask(port, `/clojars/${POM}`)
      assert.deepEqual([status, String(body)], [200, '<project/>'])
      assert.equal(headers['x-jarswarm-source'], 'store')
    }
    source.taken.set(POM, { kind: 'denied', reason: undefined })
    assert.equal((await ask(port, `/clojars/${POM}`)).status, 451)
  })
  it('tells what clients are given, and shows the hit rate', async (t) => {
    const { source, prefetch, port } = await start(t)
    const entry = source.put(POM, { bytes: '<project/>', source: 'peer' })
    const headers = { 'If-None-Match': '*' }
    await ask(port, `/clojars/${POM}`, { method: 'HEAD' })
    await ask(port, `/clojars/${POM}`, { headers })
    await ask(port, `/clojars/${POM}.sha1`)
    await ask(port, '/clojars/org/example/none/1.0/none-1.0.pom')
    assert.deepEqual(prefetch.artifacts, [])
    assert.deepEqual(prefetch.misses, [`${source.id} org/example/none/1.0/none-1.0.pom`])
    await ask(port, `/clojars/${POM}`)
    assert.deepEqual(prefetch.artifacts, [
      { repository: source.id, path: entry.path, source: 'store' },
    ])
    const metrics = String((await ask(port, '/-/metrics')).body)
    assert.match(metrics, /^jarswarm_prefetch_files_total 7$/m)
    assert.match(metrics, /^jarswarm_prefetch_used_total 1$/m)
  })
})
