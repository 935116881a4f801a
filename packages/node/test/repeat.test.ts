import { ManualClock, RecordingLogger } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { repeat } from '../src/repeat.ts'

const EARLY = new Error('nobody is there')
const RETRY_MS = 1_000

/** What is logged of a task that fails once, and how often it was done when the time of another try has come. */
async function fail(reason: Error): Promise<{ readonly levels: string[]; readonly turns: number }> {
  const clock = new ManualClock()
  const logger = new RecordingLogger()
  let turns = 0
  const repetition = repeat(
    { clock, logger },
    {
      what: 'try',
      intervalMs: 1_000_000,
      retryMs: RETRY_MS,
      isEarly: (error) => error === EARLY,
      task: () => {
        turns += 1
        return turns === 1 ? Promise.reject(reason) : Promise.resolve()
      },
    },
  )
  while (clock.pendingTimers === 0) await Promise.resolve()
  clock.advance(RETRY_MS)
  await repetition.stop()
  return { levels: logger.lines.map(({ level }) => level), turns }
}

describe('repeat', () => {
  it('warns of a failure, and tries again', async () => {
    assert.deepEqual(await fail(new Error('broken')), { levels: ['warn'], turns: 2 })
  })

  it('does not warn while nobody is there yet, and tries again', async () => {
    assert.deepEqual(await fail(EARLY), { levels: ['info'], turns: 2 })
  })
})
