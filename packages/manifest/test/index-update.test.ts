import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { updateIndex } from '../src/index.ts'
import type { IndexEntry } from '../src/index.ts'
import { anyEntries, MemoryObjects } from './_entries.ts'

/** Update in a source that then has exactly the nodes of the new index. */
async function check(before: readonly IndexEntry[], after: readonly IndexEntry[]): Promise<void> {
  const objects = new MemoryObjects()
  const totals = objects.build(before)
  const fresh = new MemoryObjects()
  const wanted = fresh.build(after)
  const old = new Map(before.map((entry) => [entry.path, entry]))
  const kept = new Set(after.map((entry) => entry.path))
  const put = after.filter((entry) => old.get(entry.path)?.digest !== entry.digest)
  const remove = before.map((entry) => entry.path).filter((path) => !kept.has(path))
  const update = await updateIndex(objects.source, totals, { put, remove })
  assert.deepEqual(update.totals, wanted)
  const nodes = new Map(objects.objects)
  for (const digest of update.removed) assert.ok(nodes.delete(digest))
  for (const { digest, bytes } of update.added) {
    assert.ok(!objects.objects.has(digest))
    nodes.set(digest, bytes)
  }
  assert.deepEqual(new Map([...nodes].sort()), new Map([...fresh.objects].sort()))
}

describe('updateIndex', () => {
  it('ends at the bytes of a fresh build, whatever the way', async () => {
    await fc.assert(fc.asyncProperty(anyEntries, anyEntries, check), { numRuns: 200 })
  })
})
