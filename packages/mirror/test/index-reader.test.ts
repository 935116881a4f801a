import { buildIndex } from '@jarswarm/manifest'
import type { Digest, Head, IndexEntry } from '@jarswarm/manifest'
import { parsePath } from '@jarswarm/maven'
import { ManualClock, MemoryIndexStore } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { IndexKeeper } from '../src/index-tree/index-keeper.ts'
import { IndexReader } from '../src/index-tree/index-reader.ts'
import { MAX_REMEMBERED_ENTRIES } from '../src/limits.ts'

const ID = 'ab'.repeat(32)

const entryAt = (number: number): IndexEntry => ({
  path: parsePath(`g/a/${String(number)}/a-${String(number)}.jar`),
  digest: ID,
  sha1: '0'.repeat(40),
  sizeBytes: 1,
  mtimeSeconds: 0,
  pieceList: undefined,
})

describe('IndexReader', () => {
  it('remembers MAX_REMEMBERED_ENTRIES, those that were asked for last', async () => {
    // One file each, and the directory itself.
    const most = MAX_REMEMBERED_ENTRIES / 2
    const entries = Array.from({ length: most + 1 }, (_, at) => entryAt(at))
    const objects = new Map<Digest, Uint8Array>()
    const { root } = buildIndex(entries, ({ digest, bytes }) => objects.set(digest, bytes))
    let reads = 0
    const read = (digest: Digest): Promise<Uint8Array> => {
      reads += 1
      return Promise.resolve(objects.get(digest) ?? assert.fail())
    }
    const reader = new IndexReader({
      keeper: { read } as unknown as IndexKeeper,
      index: new MemoryIndexStore(ID),
      clock: new ManualClock(),
    })
    const readsOf = async (number: number): Promise<number> => {
      const before = reads
      const { path } = entryAt(number)
      const found = await reader.find({ index: { root } } as Head, path, {})
      assert.deepEqual(found, { kind: 'entry', entry: entryAt(number) })
      return reads - before
    }
    for (let number = 0; number < most; number += 1) await readsOf(number)
    assert.equal(await readsOf(0), 0)
    assert.ok((await readsOf(most)) > 0)
    assert.equal(await readsOf(0), 0)
    assert.ok((await readsOf(1)) > 0)
  })
})
