import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { failCalls, fillDisk, handleLimitMissing, SHORT_RUNS, takeHandles } from './disk.ts'
import { failingCallsMissing } from './_failing-calls.ts'
import { publishOnFullDisk } from './_full-publisher.ts'
import { SeededRandom } from './_random.ts'
import { smallDiskMissing } from './_small-disk.ts'

const SEED = 20_261_123

// Each waits for a node of its own most of the time.
describe('a disk', { concurrency: true }, () => {
  const onSmallDisk = { skip: smallDiskMissing() }

  it(
    'that is full keeps no node from serving, loses nothing, and is used again',
    onSmallDisk,
    async (t) => {
      const report = await fillDisk({ runs: SHORT_RUNS, seed: SEED })
      t.diagnostic(`seed ${String(SEED)}: ${JSON.stringify(report)}`)
      assert.equal(report.refused, 0)
    },
  )

  it(
    'that is full refuses a publish in plain words, and what is published stays whole',
    onSmallDisk,
    async (t) => {
      const counts = await publishOnFullDisk(1, new SeededRandom(SEED))
      t.diagnostic(`seed ${String(SEED)}: ${JSON.stringify(counts)}`)
      assert.equal(counts.refused, 1)
    },
  )

  it(
    'of which calls fail with EIO is served from, and loses nothing',
    { skip: failingCallsMissing() },
    async (t) => {
      const report = await failCalls({ runs: 1, seed: SEED })
      t.diagnostic(`seed ${String(SEED)}: ${JSON.stringify(report)}`)
      assert.ok(report.faults > 0)
    },
  )

  it(
    'whose files cannot be opened for want of handles is used again',
    { skip: handleLimitMissing() },
    async (t) => {
      const report = await takeHandles({ runs: SHORT_RUNS, seed: SEED })
      t.diagnostic(`seed ${String(SEED)}: ${JSON.stringify(report)}`)
      assert.ok(report.refused > 0)
    },
  )
})
