import { sliceOf, slicesIn } from '@jarswarm/manifest'
import { parsePath } from '@jarswarm/maven'
import { MemoryRecordStore, RecordingLogger } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DonatedSlices } from '../../src/donate/donated-slices.ts'

const REPOSITORY = 'ab'.repeat(32)
const RECORD = `donation/${REPOSITORY}`
const PATH = parsePath('g/a/1/a.jar')

function slicesOn(records: MemoryRecordStore): {
  readonly slices: DonatedSlices
  readonly logger: RecordingLogger
} {
  const logger = new RecordingLogger()
  return { slices: new DonatedSlices({ records, logger }, { repository: REPOSITORY }), logger }
}

describe('DonatedSlices', () => {
  it('has what was kept and begun again after a restart', async () => {
    const records = new MemoryRecordStore()
    const { slices } = slicesOn(records)
    assert.equal(await slices.load(), false)
    for (const slice of [7, 9, 12]) await slices.begin(slice)
    await slices.keep(9)
    await slices.keep(7)
    await slices.begin(7)
    const again = slicesOn(records).slices
    assert.equal(await again.load(), true)
    assert.deepEqual([...slicesIn(again.kept)], [9])
    assert.deepEqual([...again.begun].sort(), [12, 7])
  })

  it('pins the files of slices that are kept or on their way', async () => {
    const { slices } = slicesOn(new MemoryRecordStore())
    assert.equal(slices.pins(PATH), false)
    await slices.begin(sliceOf(PATH))
    assert.equal(slices.pins(PATH), true)
    await slices.keep(sliceOf(PATH))
    assert.equal(slices.pins(PATH), true)
    slices.release(sliceOf(PATH))
    assert.equal(slices.pins(PATH), false)
  })

  it('stays on record until what was released is pinned no more', async () => {
    const records = new MemoryRecordStore()
    const { slices } = slicesOn(records)
    await slices.begin(7)
    await slices.keep(7)
    slices.release(7)
    assert.notEqual(await records.get(RECORD), undefined)
    await slices.saveReleased()
    assert.equal(await records.get(RECORD), undefined)
  })

  for (const damaged of [
    7,
    null,
    {},
    { version: 2, kept: [], begun: [] },
    { version: 1, kept: [4096], begun: [] },
    { version: 1, kept: [], begun: [0.5] },
    { version: 1, kept: [], begun: 'x' },
  ]) {
    it(`takes a record for none, and says so: ${JSON.stringify(damaged)}`, async () => {
      const records = new MemoryRecordStore()
      await records.set(RECORD, damaged)
      const { slices, logger } = slicesOn(records)
      assert.equal(await slices.load(), false)
      assert.equal(slices.isEmpty, true)
      assert.ok(logger.lines.some(({ message }) => message.includes('damaged')))
    })
  }
})
