import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { NoSpaceError } from '@jarswarm/ports'
import type { BlobRecords } from '../src/blob-records.ts'
import { BlobSpace } from '../src/blob-space.ts'

const GIB = 1024 ** 3

function watchedSpace() {
  const volume = { totalBytes: 100 * GIB, freeBytes: 10 * GIB }
  const seen = { looks: 0, nowMs: 0 }
  const records = {
    totals: () => ({ blobs: 0, bytes: 0 }),
    flushTouches: () => Promise.resolve(),
    async *byAccess() {
      // There is nothing that could give way.
    },
  } as unknown as BlobRecords
  const space = new BlobSpace(
    {
      records,
      space: () => {
        seen.looks += 1
        return Promise.resolve({ ...volume })
      },
      clock: { now: () => seen.nowMs },
      isHeld: () => false,
      evict: async (select) => {
        await select()
      },
    },
    { quotaBytes: 1e15, freeFloorBytes: GIB },
  )
  return { space, volume, seen }
}

describe('BlobSpace', () => {
  it('looks at the volume once a second for many small blobs', async () => {
    const { space, seen } = watchedSpace()
    for (let n = 0; n < 100; n += 1) await space.reserve(1_000)
    assert.equal(seen.looks, 1)
    seen.nowMs = 1_000
    await space.reserve(1_000)
    assert.equal(seen.looks, 2)
  })

  it('looks at it for each blob when there is not much to spare', async () => {
    const { space, volume, seen } = watchedSpace()
    volume.freeBytes = GIB + 10_000
    await space.reserve(1_000)
    await space.reserve(1_000)
    assert.equal(seen.looks, 2)
    volume.freeBytes = GIB
    await assert.rejects(space.reserve(1_000), NoSpaceError)
  })

  it('counts what was set aside since it looked', async () => {
    const { space, seen } = watchedSpace()
    await space.reserve(1_000)
    const giveBack = await space.reserve(8 * GIB)
    giveBack()
    assert.equal(seen.looks, 1)
    await space.reserve(GIB / 2)
    assert.equal(seen.looks, 1)
    await space.reserve(GIB / 4)
    assert.equal(seen.looks, 2)
  })
})
