import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { saveMemoryAtRest } from '../src/rest.ts'

const REST_MS = 5_000
const WAKE_MS = 250
const SAVE = '--optimize-for-size'
const SPEND = '--no-optimize-for-size'

/** A process whose processor time is set by hand, and the flags that V8 was given. */
function watched(t: TestContext): {
  readonly flags: string[]
  readonly stop: () => void
  work: (forMs: number, userMs: number, systemMs: number) => void
} {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const usage = { user: 7e6, system: 7e6 }
  const flags: string[] = []
  const setFlag = (flag: string): void => void flags.push(flag)
  const stop = saveMemoryAtRest({ cpuUsage: () => ({ ...usage }), setFlag })
  const work = (forMs: number, userMs: number, systemMs: number): void => {
    usage.user += userMs * 1_000
    usage.system += systemMs * 1_000
    t.mock.timers.tick(forMs)
  }
  return { flags, stop, work }
}

describe('saveMemoryAtRest', () => {
  it('has V8 save memory once little was done, and time once more was', (t) => {
    const { flags, work, stop } = watched(t)
    work(REST_MS, 2_000, 0)
    assert.deepEqual(flags, [])
    work(REST_MS, 100, 100)
    work(WAKE_MS, 40, 0)
    assert.deepEqual(flags, [SAVE])
    work(WAKE_MS, 30, 30)
    assert.deepEqual(flags, [SAVE, SPEND])
    work(WAKE_MS, 0, 0)
    assert.deepEqual(flags, [SAVE, SPEND])
    stop()
    assert.deepEqual(flags, [SAVE, SPEND])
  })

  it('ends with V8 saving time, and looks no more', (t) => {
    const { flags, work, stop } = watched(t)
    work(REST_MS, 0, 0)
    stop()
    assert.deepEqual(flags, [SAVE, SPEND])
    work(REST_MS, 0, 0)
    assert.deepEqual(flags, [SAVE, SPEND])
  })
})
