import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, it } from 'node:test'
import { riseOf } from './_rise.ts'
import { soakNode } from './_soak.ts'

const skip =
  !existsSync('/proc/self/fd') && 'there is no /proc here to read memory and handles from'

describe('a node in use', { skip }, () => {
  it(
    'answers rightly, and keeps no handle of clients that left',
    { timeout: 300_000 },
    async (t) => {
      const report = await soakNode(t, {
        seed: 1,
        clients: 8,
        peers: 3,
        durationMs: 2_500,
        leastAnswers: 50,
        pauseMs: 20,
        publishEveryMs: 500,
        changeEveryMs: 700,
      })
      t.diagnostic(`could not be had just then: ${report.refused.join('; ') || 'nothing'}`)
      // On a busy machine a file may not begin to come in time.
      const others = report.refused.filter((why) => !/^an answer: |: Cannot get /.test(why))
      assert.deepEqual(others, [])
      assert.ok(report.published > 0 && report.peersChanged > 0 && report.samples.length > 0)
    },
  )
})

describe('riseOf', () => {
  it('compares the two ends', () => {
    const rising = Array.from({ length: 60 }, (_, at) => 300 + at)
    assert.equal(riseOf(rising), 50)
    assert.equal(riseOf(rising.toReversed()), -50)
  })

  it('lets no single sample decide', () => {
    const level = Array<number>(60).fill(300)
    assert.equal(riseOf(level.with(-1, 900).with(0, 0)), 0)
  })
})
