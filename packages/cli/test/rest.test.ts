import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { saveMemoryAtRest } from '../src/rest.ts'

const LOOK_MS = 5_000
const SAVE = '--optimize-for-size'
const SPEND = '--no-optimize-for-size'

/** A process whose processor time is set by hand, and the flags that V8 was given. */
function watched(t: TestContext): {
  readonly flags: string[]
  readonly stop: () => void
  work: (userMs: number, systemMs: number) => void
} {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const usage = { user: 7e6, system: 7e6 }
  const flags: string[] = []
  const setFlag = (flag: string): void => void flags.push(flag)
  const stop = saveMemoryAtRest({ cpuUsage: () => ({ ...usage }), setFlag })
  const work = (userMs: number, systemMs: number): void => {
    usage.user += userMs * 1_000
    usage.system += systemMs * 1_000
    t.mock.timers.tick(LOOK_MS)
  }
  return { flags, stop, work }
}

describe('saveMemoryAtRest', () => {
  it('has V8 save memory once little was done, and time once more was', (t) => {
    const { flags, work, stop } = watched(t)
    work(2_000, 0)
    assert.deepEqual(flags, [])
    work(100, 100)
    work(10, 0)
    assert.deepEqual(flags, [SAVE])
    work(200, 100)
    assert.deepEqual(flags, [SAVE, SPEND])
    stop()
    assert.deepEqual(flags, [SAVE, SPEND])
  })

  it('ends with V8 saving time, and looks no more', (t) => {
    const { flags, work, stop } = watched(t)
    work(0, 0)
    stop()
    assert.deepEqual(flags, [SAVE, SPEND])
    work(0, 0)
    assert.deepEqual(flags, [SAVE, SPEND])
  })
})
