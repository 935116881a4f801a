import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
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

  counts(): { files: number; used: number } {
    return { files: 7, used: this.artifacts.length }
  }
}

describe('an endpoint with prefetch', () => {
  it('tells what clients are given, and shows the hit rate', async (t) => {
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
    const entry = source.put(POM, { bytes: '<project/>', source: 'peer' })
    const port = Number(new URL(endpoint.address()).port)
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
