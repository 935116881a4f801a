import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rot, SHORT_DAMAGES } from './rot.ts'

const SEED = 20_261_123

describe('a disk that rots', () => {
  it('is noticed, heals from peers, and lets nothing wrong out', async (t) => {
    t.diagnostic(`seed ${String(SEED)}`)
    const report = await rot(t, { damages: SHORT_DAMAGES, seed: SEED })
    t.diagnostic(JSON.stringify(report))
    assert.equal(report.healed, 1)
    assert.ok(report.start > 0 && report.reading > 0)
  })
})
