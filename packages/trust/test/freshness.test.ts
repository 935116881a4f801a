import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { freshnessAt, MAX_CLOCK_LAG_MS, MAX_STALE_MS } from '../src/index.ts'
import { CraftedRepository, DAY_MS, NOW_MS } from './_crafting.ts'

const signed = { issuedMs: NOW_MS, expiresMs: NOW_MS + 7 * DAY_MS }
const at = (afterMs: number): ReturnType<typeof freshnessAt> =>
  freshnessAt(NOW_MS + afterMs, signed)

describe('freshnessAt', () => {
  it('is fresh until the moment of expiry', () => {
    assert.deepEqual(at(0), { state: 'fresh', staleSeconds: 0, clockSuspect: false })
    assert.equal(at(7 * DAY_MS - 1).state, 'fresh')
  })

  it('is stale from then on, and counts whole seconds', () => {
    assert.deepEqual(at(7 * DAY_MS), { state: 'stale', staleSeconds: 0, clockSuspect: false })
    assert.equal(at(7 * DAY_MS + 1999).staleSeconds, 1)
    assert.deepEqual(at(8 * DAY_MS), { state: 'stale', staleSeconds: 86_400, clockSuspect: false })
  })

  it('is suspect beyond MAX_STALE_MS, which are 30 days', () => {
    assert.equal(at(MAX_STALE_MS).state, 'stale')
    assert.equal(at(MAX_STALE_MS + 1).state, 'suspect')
    assert.deepEqual(at(31 * DAY_MS), {
      state: 'suspect',
      staleSeconds: 24 * 86_400,
      clockSuspect: false,
    })
  })

  it('is not suspect before it expires, however long it was made to last', () => {
    const longLived = { issuedMs: NOW_MS, expiresMs: NOW_MS + 90 * DAY_MS }
    assert.equal(freshnessAt(NOW_MS + 60 * DAY_MS, longLived).state, 'fresh')
  })

  it('doubts a clock more than MAX_CLOCK_LAG_MS behind, which are a day', () => {
    assert.deepEqual(at(-365 * DAY_MS), { state: 'fresh', staleSeconds: 0, clockSuspect: true })
    assert.equal(at(-MAX_CLOCK_LAG_MS - 1).clockSuspect, true)
    assert.equal(at(-MAX_CLOCK_LAG_MS).clockSuspect, false)
  })

  it('doubts no clock as long as there is nothing to compare it with', () => {
    assert.deepEqual(new CraftedRepository().trust().freshness(NOW_MS), {
      state: 'unknown',
      staleSeconds: 0,
      clockSuspect: false,
    })
  })
})
