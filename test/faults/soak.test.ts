import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fitLine } from './_least-squares.ts'
import { soakNode } from './_soak.ts'

const skip =
  !existsSync('/proc/self/fd') && 'there is no /proc here to read memory and handles from'

describe('a node in use', { skip }, () => {
  it(
    'answers rightly, and keeps no handle of clients that left',
    { timeout: 120_000 },
    async (t) => {
      const report = await soakNode(t, {
        seed: 1,
        clients: 8,
        peers: 3,
        durationMs: 2_500,
        pauseMs: 20,
        publishEveryMs: 500,
        changeEveryMs: 700,
      })
      assert.ok(report.requests > 50, `${String(report.requests)} requests`)
      assert.deepEqual(report.refused, [])
      assert.ok(report.published > 0 && report.peersChanged > 0 && report.samples.length > 0)
    },
  )
})

describe('fitLine', () => {
  it('finds the line that points lie on', () => {
    assert.deepEqual(fitLine([0, 2, 4].map((x) => [x, 3 * x + 1])), { slope: 3, mean: 7 })
  })

  it('finds none through one place', () => {
    assert.throws(() => fitLine([[1, 2]]), RangeError)
  })
})
