import { parsePath } from '@jarswarm/maven'
import fc from 'fast-check'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FoldTable } from '../src/fold-table.ts'
import type { TrackedPath } from '../src/fold-table.ts'
import { checkHistory, checkHistoryStep, sha256 } from '../src/index.ts'
import type { HistoryEvent, IndexEntry } from '../src/index.ts'
import { PATHS_PER_PART } from '../src/history-fold.ts'
import { entryOf, manyEntries } from './_entries.ts'

const memory = fc.option(
  fc
    .record({
      digest: fc.integer({ min: 0, max: 9 }).map((n) => sha256(Uint8Array.of(n))),
      sizeBytes: fc.integer({ min: 0, max: 2 ** 40 }),
      present: fc.boolean(),
    })
    .map((fields) => ({ ...fields })),
  { nil: undefined },
)

const putOf = ({ path, digest, sizeBytes }: IndexEntry, seq = 1): HistoryEvent => ({
  seq,
  kind: 'put',
  digest,
  sizeBytes,
  path,
})

describe('FoldTable', () => {
  it('says what a map would, however many paths there are', () => {
    const change = fc.record({
      path: fc.integer({ min: 0, max: 200 }),
      now: memory,
      wanted: memory,
    })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 400 }), (changes) => {
        const table = new FoldTable(0)
        const map = new Map<string, TrackedPath>()
        for (const { path: n, now, wanted } of changes) {
          const path = parsePath(`g/a/${n}/a.jar`)
          table.set(table.keyOf(path), { now, wanted })
          map.set(table.keyOf(path).toString('hex'), { now, wanted })
        }
        const found = new Map([...table.entries()].map(([key, it]) => [key.toString('hex'), it]))
        assert.deepEqual(found, map)
        assert.equal(table.count, map.size)
        for (const [key, value] of map) assert.deepEqual(table.get(Buffer.from(key, 'hex')), value)
        table.clear()
        assert.equal(table.count, 0)
        assert.deepEqual([...table.entries()], [])
      }),
    )
  })

  it('has a salt of its own', () => {
    const path = parsePath('g/a/1/a-1.jar')
    assert.notDeepEqual(new FoldTable(0).keyOf(path), new FoldTable(0).keyOf(path))
  })
})

describe('a check of many paths', () => {
  const entries = manyEntries(400)

  it('finds all that agrees in one part', async () => {
    const found = checkHistory(
      entries.map((entry) => putOf(entry)),
      entries,
    )
    assert.equal((await found.next()).done, true)
  })

  it('comes to the same in several parts', async () => {
    const events = entries.map((entry) => putOf(entry))
    const strange = entryOf('g/strange/1/strange-1.jar')
    const step = {
      events: () => [...events.slice(1), putOf(strange, 2)],
      changes: () => entries.map((after) => ({ path: after.path, before: undefined, after })),
      before: () => Promise.resolve(undefined),
      fromSeq: 0,
      toSeq: 2,
      lines: PATHS_PER_PART * 2 + 1,
    }
    const found: string[] = []
    for await (const { path, reason } of checkHistoryStep(step)) found.push(`${path}: ${reason}`)
    assert.deepEqual(found.toSorted(), [
      `${strange.path}: only in the history`,
      `${String(entries[0]?.path)}: only in the index`,
    ])
  })

  it('is not ended by a source that tells its events only once', async () => {
    const events = [putOf(entryOf('g/a/1/a-1.jar'))].values()
    await assert.rejects(checkHistory(events, []).next(), /Cannot name a path/)
  })
})
