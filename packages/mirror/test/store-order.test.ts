import type { Digest, IndexEntry } from '@jarswarm/manifest'
import { sha256 } from '@jarswarm/manifest'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAX_ORDERED_ENTRIES } from '../src/limits.ts'
import { inStoreOrder } from '../src/share/store-order.ts'

const DIGESTS: readonly Digest[] = Array.from(
  { length: 2 * MAX_ORDERED_ENTRIES + 2 },
  (_, number) => sha256(Buffer.from(String(number))),
)

describe('inStoreOrder', () => {
  it('takes MAX_ORDERED_ENTRIES at a time, and gives them by their digests', async () => {
    let taken = 0
    function* entries(): Generator<IndexEntry> {
      for (const digest of DIGESTS) {
        taken += 1
        yield { digest } as IndexEntry
      }
    }
    const given: Digest[] = []
    for await (const { digest } of inStoreOrder(entries())) {
      given.push(digest)
      assert.ok(taken - given.length < MAX_ORDERED_ENTRIES)
    }
    const run = (number: number): readonly Digest[] =>
      DIGESTS.slice(number * MAX_ORDERED_ENTRIES, (number + 1) * MAX_ORDERED_ENTRIES)
    assert.deepEqual(
      given,
      [0, 1, 2].flatMap((number) => run(number).toSorted()),
    )
  })
})
