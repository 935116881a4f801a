import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, it } from 'node:test'
import { killSwarm, SHORT_KILL } from './kill.ts'

const SEED = 20_261_123
const skip =
  !existsSync('/proc/self/schedstat') && 'there is no /proc here to read from who had to wait'

describe('a swarm whose processes are killed', { skip }, () => {
  it('has all that was acknowledged, and goes on by itself', async (t) => {
    t.diagnostic(`seed ${String(SEED)}`)
    const report = await killSwarm(t, { ...SHORT_KILL, seed: SEED })
    t.diagnostic(JSON.stringify(report))
    assert.equal(report.kills, SHORT_KILL.kills)
    assert.ok(report.acknowledged > 0 && report.answers.served > 0)
  })
})
