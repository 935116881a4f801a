import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { callTrialsMissing, tryCalls } from './disk-calls.ts'
import { SCENARIOS } from './_disk-scenarios.ts'
import { failCalls, fillDisk, handleLimitMissing, SHORT_RUNS, takeHandles } from './disk.ts'
import { failingCallsMissing } from './_failing-calls.ts'
import { SeededRandom } from './_random.ts'
import { smallDiskMissing } from './_small-disk.ts'
import type { StruckSites } from './_write-sites.ts'

const SEED = 20_261_123

/** What was struck, and how often. */
const listed = (sites: StruckSites): string =>
  [...sites.rows()].map(({ what, value }) => `${what} ${String(value)}`).join('; ')

// Each waits for a node of its own most of the time.
describe('a disk', { concurrency: true }, () => {
  const onSmallDisk = { skip: smallDiskMissing() }

  it(
    'that is full keeps no node from serving, loses nothing, and is used again',
    onSmallDisk,
    async (t) => {
      const report = await fillDisk({ runs: SHORT_RUNS, seed: SEED, isPatient: true })
      t.diagnostic(`seed ${String(SEED)}: ${JSON.stringify(report)}`)
      t.diagnostic(listed(report.sites))
      assert.ok(report.served > 0)
    },
  )

  it(
    'that is full, or of which a call fails, refuses a publish in plain words, and the next one works',
    { skip: callTrialsMissing() },
    async (t) => {
      const scenarios = SCENARIOS.filter(({ name }) => name === 'publish')
      const random = new SeededRandom(SEED)
      const { trials, refused, sites } = await tryCalls({ scenarios, random, most: 1 })
      t.diagnostic(listed(sites))
      assert.deepEqual([trials, refused], [2, 2])
    },
  )

  it(
    'of which calls fail with EIO is served from, and loses nothing',
    { skip: failingCallsMissing() },
    async (t) => {
      const report = await failCalls({ runs: 1, seed: SEED })
      t.diagnostic(`seed ${String(SEED)}: ${JSON.stringify(report)}`)
      t.diagnostic(listed(report.sites))
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
