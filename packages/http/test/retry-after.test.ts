import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readRetryAfter } from '../src/index.ts'

describe('readRetryAfter', () => {
  const now = Date.UTC(2026, 0, 1)
  const cases: readonly (readonly [string | undefined, number])[] = [
    ['120', 120_000],
    ['0', 1_000],
    ['999999', 3_600_000],
    ['Thu, 01 Jan 2026 00:00:10 GMT', 10_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 1_000],
    ['soon', 60_000],
    [undefined, 60_000],
  ]
  for (const [header, wanted] of cases) {
    it(`reads ${String(header)} as ${wanted} ms`, () => {
      assert.equal(readRetryAfter(header, now), wanted)
    })
  }
})
