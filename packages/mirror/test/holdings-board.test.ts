import type { Head, IndexEntry } from '@jarswarm/manifest'
import type { HoldingsChange } from '@jarswarm/ports'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HeldBlobs } from '../src/share/held-blobs.ts'
import { HoldingsBoard } from '../src/share/holdings-board.ts'

describe('HoldingsBoard', () => {
  it('tells what came since it had everything, however much it has', () => {
    const told: HoldingsChange[] = []
    const held = { add: () => 'unlisted', digests: () => [] } as unknown as HeldBlobs
    const board = new HoldingsBoard(
      { held, onChange: () => undefined },
      { repository: '', mirrorsAll: true },
    )
    board.onChange((change) => told.push(change))
    const entry = { digest: 'a'.repeat(64) } as IndexEntry
    board.stored(entry)
    assert.equal(told.length, 0)
    board.filled({ seq: 7 } as Head, true)
    board.stored(entry)
    assert.deepEqual(
      told.map(({ added, completeToSeq }) => [added, completeToSeq]),
      [
        [[], 7],
        [[entry.digest], 7],
      ],
    )
  })

  it('is a cache again when something of it leaves the store', () => {
    const held = { add: () => 'listed', remove: () => true, digests: () => [] }
    const board = new HoldingsBoard(
      { held: held as unknown as HeldBlobs, onChange: () => undefined },
      { repository: '', mirrorsAll: true },
    )
    board.filled({ seq: 7 } as Head, true)
    board.stored({ digest: 'a'.repeat(64) } as IndexEntry)
    board.removed('b'.repeat(64))
    const { completeToSeq, since } = board.holdings()
    assert.deepEqual([completeToSeq, [...(since ?? [])]], [undefined, []])
  })

  it('keeps what may be of a newer head than the one that it has all of, and goes back to none', () => {
    const held = { add: () => 'listed', digests: () => [] } as unknown as HeldBlobs
    const board = new HoldingsBoard(
      { held, onChange: () => undefined },
      { repository: '', mirrorsAll: true },
    )
    const now = (): readonly unknown[] => {
      const { completeToSeq, since } = board.holdings()
      return [completeToSeq, [...(since ?? [])]]
    }
    const digest = 'a'.repeat(64)
    board.filled({ seq: 7 } as Head, true)
    board.stored({ digest } as IndexEntry)
    board.filled({ seq: 8 } as Head, false)
    assert.deepEqual(now(), [8, [digest]])
    board.filled({ seq: 6 } as Head, true)
    assert.deepEqual(now(), [8, [digest]])
    board.filled({ seq: 9 } as Head, true)
    assert.deepEqual(now(), [9, []])
  })
})
