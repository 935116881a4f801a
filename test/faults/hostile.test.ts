import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SHORT } from './hostile.ts'
import { answersOf } from './hostile/figures.ts'
import { liveAmongHostile } from './hostile/hostile-run.ts'

const SEED = 20_261_123

describe('builds among peers of all hostile manners', () => {
  it('all end well, and only who lied is banned', async (t) => {
    t.diagnostic(`seed ${String(SEED)}`)
    const { downloads, figures } = await liveAmongHostile(t, { ...SHORT, seed: SEED })
    const { builders, artifacts, rounds, hours } = SHORT
    assert.ok(downloads >= builders * artifacts * (1 + 2 * rounds + hours))
    const asked = SHORT.manners.map((manner) => figures[answersOf(manner)] ?? 0)
    assert.ok(
      asked.some((times) => times > 0),
      'nobody asked a hostile peer',
    )
  })
})
