import { describe, it } from 'node:test'
import { fakedTimeMissing, liveByFakedTime } from './_faked-time.ts'

describe('a process whose clock is set wrong', { skip: fakedTimeMissing() }, () => {
  it('is in the states of the design while the clock jumps, and does not start a year back', async (t) => {
    await liveByFakedTime(t)
  })
})
