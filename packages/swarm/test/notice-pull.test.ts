import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ManualClock } from '@jarswarm/testkit'
import { MAX_PULLS_PER_INTERVAL, MAX_WAITING_PULLS } from '../src/donors/limits.ts'
import { NoticePull } from '../src/donors/notice-pull.ts'

const INTERVAL_MS = 60_000

/** Let what was promised happen. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

function pulling(random = 0.5): {
  readonly clock: ManualClock
  readonly pull: NoticePull
  readonly followers: string[]
  /** Who was asked, in order. */
  readonly asked: string[]
  answer: Promise<void>
  /** Rounds in which nobody could be asked. */
  alone: number
} {
  const clock = new ManualClock()
  const followers: string[] = []
  const asked: string[] = []
  const found = { clock, followers, asked, answer: Promise.resolve(), alone: 0 }
  const pull = new NoticePull(
    {
      clock,
      random: () => random,
      followers: () => followers,
      pull: (peer) => {
        if (peer === undefined) found.alone += 1
        else asked.push(peer)
        return found.answer
      },
    },
    { intervalMs: INTERVAL_MS },
  )
  return Object.assign(found, { pull })
}

describe('NoticePull', () => {
  it('asks a follower by chance at each interval, and nobody when there is none', async () => {
    const found = pulling()
    const { clock, pull, followers, asked } = found
    pull.start()
    clock.advance(INTERVAL_MS)
    await settle()
    assert.equal(found.alone, 1)
    followers.push('a', 'b', 'c')
    for (let count = 0; count < 2; count += 1) {
      clock.advance(INTERVAL_MS)
      await settle()
    }
    assert.deepEqual(asked, ['b', 'b'])
    pull.stop()
    assert.equal(clock.pendingTimers, 0)
  })

  it('spreads the intervals from a half to one and a half', async () => {
    for (const [random, firstMs] of [
      [0, INTERVAL_MS / 2],
      [0.999, 1.499 * INTERVAL_MS],
    ] as const) {
      const { clock, pull, followers, asked } = pulling(random)
      followers.push('a')
      pull.start()
      clock.advance(firstMs - 1)
      assert.deepEqual(asked, [])
      clock.advance(1)
      assert.deepEqual(asked, ['a'])
      await settle()
      pull.stop()
    }
  })

  it('asks who joined at once, then others in turn, MAX_PULLS_PER_INTERVAL times at most', async () => {
    const { clock, pull, followers, asked } = pulling()
    pull.start()
    for (const peer of ['a', 'b', 'c']) {
      followers.push(peer)
      pull.joined(peer)
    }
    const gapMs = INTERVAL_MS / MAX_PULLS_PER_INTERVAL
    clock.advance(0)
    await settle()
    assert.deepEqual(asked, ['a'])
    clock.advance(gapMs - 1)
    assert.deepEqual(asked, ['a'])
    clock.advance(1)
    await settle()
    clock.advance(gapMs)
    await settle()
    assert.deepEqual(asked, ['a', 'b', 'c'])
    pull.stop()
  })

  it('asks one at a time', async () => {
    const found = pulling()
    const { promise, resolve } = Promise.withResolvers<undefined>()
    found.answer = promise.then(() => undefined)
    found.followers.push('a', 'b')
    found.pull.start()
    for (const peer of found.followers) found.pull.joined(peer)
    found.clock.advance(INTERVAL_MS)
    found.pull.joined('a')
    found.clock.advance(INTERVAL_MS)
    assert.deepEqual(found.asked, ['a'])
    resolve(undefined)
    await settle()
    found.clock.advance(0)
    assert.deepEqual(found.asked, ['a', 'b'])
    found.pull.stop()
  })

  it('has MAX_WAITING_PULLS wait, without those who left', async () => {
    const { clock, pull, followers, asked } = pulling()
    pull.start()
    for (let at = 0; at < MAX_WAITING_PULLS + 5; at += 1) pull.joined(`peer ${String(at)}`)
    const last = `peer ${String(MAX_WAITING_PULLS - 1)}`
    followers.push(last, `peer ${String(MAX_WAITING_PULLS)}`)
    clock.advance(0)
    await settle()
    assert.deepEqual(asked, [last])
    clock.advance(INTERVAL_MS / 2)
    await settle()
    assert.deepEqual(asked, [last])
    pull.stop()
  })

  it('asks nobody before start and after stop', async () => {
    const { clock, pull, followers, asked } = pulling()
    followers.push('a')
    pull.joined('a')
    clock.advance(2 * INTERVAL_MS)
    pull.start()
    pull.stop()
    pull.joined('a')
    clock.advance(2 * INTERVAL_MS)
    await settle()
    assert.deepEqual(asked, [])
    assert.equal(clock.pendingTimers, 0)
  })
})
