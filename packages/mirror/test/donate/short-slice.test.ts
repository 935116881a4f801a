import { SLICES, sliceSet } from '@jarswarm/manifest'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DONATION_PACE } from '../../src/donate/donation-pace.ts'
import type { ShareState } from '../../src/donate/share-plan.ts'
import { PATIENT_DONORS, SharePlanner } from '../../src/donate/share-planner.ts'
import { sliceSizes } from './_share-world.ts'

describe('SharePlanner, with a slice that is short', () => {
  const totals = sliceSizes(12)
  const [first, second] = [...totals.files.keys()].filter((slice) => totals.files[slice] !== 0)
  assert.ok(first !== undefined && second !== undefined)
  const { settleMs, patienceMs } = DONATION_PACE
  const bytes = totals.bytes.reduce((sum, one) => sum + one, 0)
  const full = { donatedBytes: bytes - 1, range: undefined, grewMs: 0, proven: true }
  const all = sliceSet(Array(SLICES).keys())
  const allButSecond = sliceSet([...Array(SLICES).keys()].filter((slice) => slice !== second))
  const own = {
    peer: 'own',
    donatedBytes: 1e9,
    kept: sliceSet([first]),
    begun: new Set<number>(),
  }
  /** Three copies are wanted; of three donors so many have the second slice, and none of the others has room for it. */
  const donorsWith = (copies: number): ShareState['donors'] =>
    Array.from({ length: 3 }, (_, n) => ({
      ...full,
      peer: `donor-${n}`,
      slices: n < copies ? all : allButSecond,
    }))

  it('brings it when it has been short for a while', () => {
    const planner = new SharePlanner(DONATION_PACE)
    const fetches = (nowMs: number, copies: number): boolean =>
      planner.plan({ own, donors: donorsWith(copies), totals, nowMs }).fetch.includes(second)
    assert.ok(!fetches(0, 2))
    assert.ok(!fetches(settleMs - 1, 2))
    assert.ok(fetches(settleMs, 2))
    assert.ok(!fetches(settleMs, 3))
    assert.ok(fetches(settleMs + 1, 2), 'enough for a moment changes nothing')
  })

  it('begins to wait anew when there was enough for as long', () => {
    const planner = new SharePlanner(DONATION_PACE)
    const fetches = (nowMs: number, copies: number): boolean =>
      planner.plan({ own, donors: donorsWith(copies), totals, nowMs }).fetch.includes(second)
    assert.ok(!fetches(0, 2))
    assert.ok(!fetches(1, 3))
    assert.ok(!fetches(1 + settleMs, 3))
    assert.ok(!fetches(2 + settleMs, 2))
    assert.ok(!fetches(1 + 2 * settleMs, 2))
    assert.ok(fetches(2 + 2 * settleMs, 2))
  })

  it('is patient with who drew better from when that one was to begin', () => {
    const planner = new SharePlanner(DONATION_PACE)
    const slow = { ...full, donatedBytes: 1e12, slices: sliceSet([first]) }
    // Of so many one drew better than this node.
    const crowd = Array.from({ length: 30 }, (_, n) => ({ ...slow, peer: `slow-${n}` }))
    const donors = [...donorsWith(2), ...crowd]
    const fetches = (nowMs: number): boolean =>
      planner.plan({ own, donors, totals, nowMs }).fetch.includes(second)
    assert.ok(!fetches(0))
    assert.ok(!fetches(settleMs + patienceMs - 1))
    assert.ok(fetches(settleMs + patienceMs))
  })

  it('brings it at once when nobody says that it keeps it', () => {
    const planner = new SharePlanner(DONATION_PACE)
    const plan = planner.plan({ own, donors: donorsWith(0), totals, nowMs: 0 })
    assert.ok(plan.fetch.includes(second))
  })

  it('lets go of surplus for it no sooner', () => {
    const planner = new SharePlanner(DONATION_PACE)
    const tight = { ...own, donatedBytes: totals.bytes[first] ?? 0 }
    const donors = [...donorsWith(1), { ...full, peer: 'donor-3', slices: allButSecond }]
    const released = (nowMs: number): readonly number[] =>
      planner.plan({ own: tight, donors, totals, nowMs }).release
    assert.deepEqual(released(0), [])
    assert.deepEqual(released(settleMs - 1), [])
    assert.deepEqual(released(settleMs), [first])
  })

  it('waits longer with more donors, as news takes longer', () => {
    const planner = new SharePlanner(DONATION_PACE)
    const crowd = Array.from({ length: 2 * PATIENT_DONORS - 3 }, (_, n) => ({
      ...full,
      peer: `crowd-${n}`,
      donatedBytes: 1,
      proven: false,
      slices: sliceSet([]),
    }))
    const donors = [...donorsWith(2), ...crowd]
    const fetches = (nowMs: number): boolean =>
      planner.plan({ own, donors, totals, nowMs }).fetch.includes(second)
    assert.ok(!fetches(0))
    assert.ok(!fetches(2 * settleMs - 1))
    assert.ok(fetches(2 * settleMs))
  })
})
