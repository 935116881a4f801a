import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { parsePath } from '@jarswarm/maven'
import { ManualClock, MemoryArtifactSource } from '@jarswarm/testkit'
import { DenyList } from '../src/deny/deny-list.ts'
import { DenyingSource } from '../src/deny/denying-source.ts'
import { temporaryDirectory } from './_swarm.ts'

const BIG = 'org/example/big/1.0/big-1.0.jar'

function setUp(t: TestContext) {
  const list = new DenyList({ clock: new ManualClock() }, { dataDir: temporaryDirectory(t) })
  const memory = new MemoryArtifactSource()
  const entry = memory.put(BIG, { bytes: Buffer.alloc(700_000, 'big') })
  return { list, entry, memory, source: new DenyingSource(memory, list) }
}

describe('a denied file', () => {
  it('is not opened, by path or by digest', async (t) => {
    const { list, entry, source } = setUp(t)
    for (const what of [BIG, entry.digest]) {
      await list.change({ add: { what, reason: null } })
      await assert.rejects(source.open(entry, {}), /was denied/)
      await list.change({ remove: what })
      ;(await source.open(entry, {})).release()
    }
  })

  it('is not recalled, by path or by digest', async (t) => {
    const { list, entry, memory, source } = setUp(t)
    const recall = () => source.recall(parsePath(BIG), {})
    assert.equal(recall(), undefined)
    memory.remembers = true
    assert.deepEqual(recall(), { kind: 'artifact', entry, mutable: false })
    for (const what of [BIG, entry.digest]) {
      await list.change({ add: { what, reason: 'malware' } })
      assert.deepEqual(recall(), { kind: 'denied', reason: 'malware' })
      await list.change({ remove: what })
    }
  })

  it('is cut when it was on its way', async (t) => {
    const { list, entry, source } = setUp(t)
    const content = await source.open(entry, {})
    const range = { offset: 0, length: entry.sizeBytes }
    const chunks = content.read(range, {})[Symbol.asyncIterator]()
    assert.equal((await chunks.next()).done, false)
    await list.change({ add: { what: BIG, reason: null } })
    await assert.rejects(chunks.next(), /was denied/)
    content.release()
  })
})
