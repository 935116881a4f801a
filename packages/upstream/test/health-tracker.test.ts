import { ManualClock } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HealthTracker } from '../src/index.ts'

function trackerOf(probe: () => Promise<void> = () => Promise.resolve()): {
  clock: ManualClock
  tracker: HealthTracker
} {
  const clock = new ManualClock()
  return { clock, tracker: new HealthTracker({ clock, probe }) }
}

describe('HealthTracker', () => {
  it('is healthy, and knows no median, before the first request', () => {
    const { tracker } = trackerOf()
    assert.deepEqual(tracker.health(), { healthy: true, medianMs: undefined, waitingMs: 0 })
  })

  it('takes the median of the last 32 first bytes', () => {
    const { clock, tracker } = trackerOf()
    for (let i = 0; i < 40; i += 1) {
      const request = tracker.begin()
      clock.advance(i < 8 ? 1_000 : 10)
      request.firstByte()
      request.succeeded()
    }
    assert.equal(tracker.health().medianMs, 10)
  })

  it('says how long the oldest request waits', () => {
    const { clock, tracker } = trackerOf()
    const first = tracker.begin()
    clock.advance(100)
    tracker.begin()
    clock.advance(50)
    assert.equal(tracker.health().waitingMs, 150)
    first.firstByte()
    assert.equal(tracker.health().waitingMs, 50)
  })

  it('counts failures in a row only', () => {
    const { tracker } = trackerOf()
    tracker.begin().failed()
    tracker.begin().failed()
    tracker.begin().succeeded()
    tracker.begin().failed()
    assert.equal(tracker.health().healthy, true)
  })

  it('counts answers that begin and never end', () => {
    const { tracker } = trackerOf()
    for (let i = 0; i < 3; i += 1) {
      const request = tracker.begin()
      request.firstByte()
      request.failed()
    }
    assert.equal(tracker.health().healthy, false)
    tracker.close()
  })

  it('counts a request that was given up after a long silence, and no other', () => {
    const { clock, tracker } = trackerOf()
    for (let i = 0; i < 3; i += 1) tracker.begin().abandoned()
    assert.equal(tracker.health().healthy, true)
    for (let i = 0; i < 3; i += 1) {
      const request = tracker.begin()
      clock.advance(2_000)
      request.abandoned()
    }
    assert.equal(tracker.health().healthy, false)
    tracker.close()
  })

  it('probes after 5 s, then twice as long each time, up to 2 minutes', async () => {
    let probes = 0
    const { clock, tracker } = trackerOf(() => {
      probes += 1
      return Promise.reject(new Error('down'))
    })
    for (let i = 0; i < 3; i += 1) tracker.begin().failed()
    for (const waitMs of [5_000, 10_000, 20_000, 40_000, 80_000, 120_000, 120_000]) {
      const before = probes
      clock.advance(waitMs - 1)
      assert.equal(probes, before)
      clock.advance(1)
      assert.equal(probes, before + 1)
      await new Promise((resolve) => setImmediate(resolve))
    }
    tracker.close()
    assert.equal(clock.pendingTimers, 0)
  })
})
