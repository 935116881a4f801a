import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { liveThroughOutage } from './outage.ts'

const SEED = 20_261_123

describe('an outage of the primary of 32 days', () => {
  it('fails no download of a release, and says how old the rest is', async (t) => {
    t.diagnostic(`seed ${String(SEED)}`)
    const report = await liveThroughOutage(t, { nodes: 10, days: 32, seed: SEED })
    assert.deepEqual(report.days, { fresh: 6, stale: 23, suspect: 3 })
    assert.equal(report.downloads, 32 * 5 * 15)
  })
})
