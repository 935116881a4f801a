import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MissingNodeError, sliceOf, SLICES, sliceTotals, walkSlice } from '../src/index.ts'
import type { IndexEntry } from '../src/index.ts'
import { entryOf, manyEntries, MemoryObjects } from './_entries.ts'

const byPath = (entries: readonly IndexEntry[]): IndexEntry[] =>
  entries.toSorted((one, other) => (one.path < other.path ? -1 : 1))

const filesOf = (entries: readonly IndexEntry[], slice: number): IndexEntry[] =>
  byPath(entries.filter(({ path }) => sliceOf(path) === slice))

async function inSlice(objects: MemoryObjects, root: string, slice: number): Promise<IndexEntry[]> {
  const found: IndexEntry[] = []
  for await (const entry of walkSlice(objects.source, root, slice)) found.push(entry)
  return byPath(found)
}

/** Directories of one slice, so many that the tree branches below its third digit. */
function crowded(): IndexEntry[] {
  const slice = sliceOf(entryOf('g/0/f.jar').path)
  const found: IndexEntry[] = []
  for (let i = 0; found.length < 40; i += 1) {
    const entry = entryOf(`g/${i}/f.jar`)
    if (sliceOf(entry.path) === slice) found.push(entry)
  }
  return found
}

for (const [shape, entries] of [
  ['one leaf', manyEntries(3)],
  ['leaves above the third digit', manyEntries(200)],
  ['leaves at the third digit', manyEntries(4_000, 1)],
  ['branches below the third digit', [...crowded(), ...manyEntries(1_000)]],
] as const) {
  describe(`slices of an index of ${shape}`, () => {
    const objects = new MemoryObjects()
    const { root, files, bytes } = objects.build(entries)

    it('have the files whose directory says so', async () => {
      for (const slice of new Set(entries.slice(0, 100).map(({ path }) => sliceOf(path)))) {
        assert.deepEqual(await inSlice(objects, root, slice), filesOf(entries, slice))
      }
      const empty = Array.from({ length: SLICES }, (_, slice) => slice).find(
        (slice) => filesOf(entries, slice).length === 0,
      )
      assert.deepEqual(await inSlice(objects, root, empty ?? 0), [])
    })

    it('add up to the whole', async () => {
      const totals = await sliceTotals(objects.source, root)
      const sum = (numbers: Float64Array): number => numbers.reduce((a, b) => a + b, 0)
      assert.equal(sum(totals.files), files)
      assert.equal(sum(totals.bytes), bytes)
      const slice = sliceOf(entries[0]?.path ?? entryOf('x').path)
      const found = filesOf(entries, slice)
      assert.equal(totals.files[slice], found.length)
      assert.equal(
        totals.bytes[slice],
        found.reduce((total, { sizeBytes }) => total + sizeBytes, 0),
      )
    })
  })
}

describe('sliceTotals', () => {
  it('reads the upper nodes only', async () => {
    const objects = new MemoryObjects()
    const { root } = objects.build(manyEntries(4_000, 1))
    await sliceTotals(objects.source, root)
    assert.ok(objects.reads.length <= 1 + 16 + 256)
  })

  it('says so when a node is missing', async () => {
    const objects = new MemoryObjects()
    const { root } = objects.build(manyEntries(200))
    const lost = [...objects.objects.keys()].find((digest) => digest !== root) ?? ''
    objects.objects.delete(lost)
    await assert.rejects(sliceTotals(objects.source, root), MissingNodeError)
  })
})
