import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ManualClock, TEST_NOW_MS } from '../src/manual-clock.ts'

describe('ManualClock', () => {
  it('stands still until it is advanced', () => {
    const clock = new ManualClock()
    assert.equal(clock.now(), TEST_NOW_MS)
    clock.advance(1500)
    assert.equal(clock.now(), TEST_NOW_MS + 1500)
  })

  it('runs due timers at their moment and in order, those set meanwhile included', () => {
    const clock = new ManualClock(0)
    const seen: string[] = []
    const note = (name: string) => () => void seen.push(`${name}@${clock.now()}`)
    clock.setTimer(note('late'), 300)
    clock.setTimer(() => {
      note('first')()
      clock.setTimer(note('chained'), 50)
    }, 100)
    clock.setTimer(note('second'), 100)
    clock.setTimer(note('beyond'), 1000)
    clock.advance(400)
    assert.deepEqual(seen, ['first@100', 'second@100', 'chained@150', 'late@300'])
    assert.equal(clock.now(), 400)
    assert.equal(clock.pendingTimers, 1)
  })

  it('forgets a cancelled timer', () => {
    const clock = new ManualClock(0)
    const timer = clock.setTimer(() => assert.fail('a cancelled timer ran'), 10)
    timer.cancel()
    timer.cancel()
    clock.advance(20)
    assert.equal(clock.pendingTimers, 0)
  })

  it('jumps back without running timers', () => {
    const clock = new ManualClock(1000)
    clock.setTimer(() => assert.fail('a timer ran in a jump'), 10)
    clock.jumpTo(5000)
    clock.jumpTo(0)
    assert.equal(clock.now(), 0)
  })

  it('leaves timers what is left of them when it jumps', () => {
    const clock = new ManualClock(1000)
    const seen: number[] = []
    clock.setTimer(() => seen.push(clock.now()), 10)
    clock.jumpTo(50_000)
    const timer = clock.setTimer(() => assert.fail('a cancelled timer ran'), 5)
    clock.jumpTo(2000)
    timer.cancel()
    clock.advance(9)
    assert.deepEqual(seen, [])
    clock.advance(1)
    assert.deepEqual(seen, [2010])
  })
})
