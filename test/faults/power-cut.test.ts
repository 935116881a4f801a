import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cutDiskMissing } from './_cut-disk.ts'
import { assertNothingLost, cutPower, cutWithout, hasLost, SHORT_CUTS } from './power-cut.ts'

const SEED = 20_261_123

describe('a disk whose power is cut', { skip: cutDiskMissing() }, () => {
  it('has all that was acknowledged, and node and publisher go on by themselves', async (t) => {
    t.diagnostic(`seed ${String(SEED)}`)
    const report = await cutPower({ cuts: SHORT_CUTS, seed: SEED })
    t.diagnostic(JSON.stringify(report))
    assertNothingLost(report)
  })

  it('does not have all of it when programs only believe that they sync', async (t) => {
    const report = await cutWithout('all', SEED)
    t.diagnostic(JSON.stringify(report))
    assert.ok(hasLost(report))
  })
})
