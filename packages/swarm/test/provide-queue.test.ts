import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAX_WAITING_PROVIDES, PROVIDES_PER_DAY } from '../src/dht/limits.ts'
import { ProvideQueue } from '../src/dht/provide-queue.ts'

/** A clock whose one timer the test fires. */
function handClock(): {
  readonly clock: ConstructorParameters<typeof ProvideQueue>[0]
  readonly fire: () => number
} {
  let now = 0
  let pending: { readonly callback: () => void; readonly delayMs: number } | undefined
  return {
    clock: {
      now: () => now,
      monotonicMs: () => now,
      setTimer(callback, delayMs) {
        pending = { callback, delayMs }
        return { cancel: () => (pending = undefined) }
      },
    },
    fire() {
      const timer = pending
      pending = undefined
      if (timer === undefined) return 0
      now += timer.delayMs
      timer.callback()
      return timer.delayMs
    },
  }
}

const ONE = { cost: 1, signal: undefined }

describe('ProvideQueue', () => {
  it('does so many at once, and the rest spread over the day', async () => {
    const { clock, fire } = handClock()
    const queue = new ProvideQueue(clock, 2)
    const done: number[] = []
    const work = (number: number) => () => {
      done.push(number)
      return Promise.resolve()
    }
    await Promise.all([queue.run(work(1), ONE), queue.run(work(2), ONE)])
    const third = queue.run(work(3), ONE)
    assert.deepEqual(done, [1, 2])
    assert.equal(fire(), 43_200_000)
    await third
    assert.deepEqual(done, [1, 2, 3])
  })

  it('does PROVIDES_PER_DAY at once, and no more', async () => {
    const { clock, fire } = handClock()
    const queue = new ProvideQueue(clock, PROVIDES_PER_DAY)
    let done = 0
    const work = (): Promise<void> => Promise.resolve(void (done += 1))
    await queue.run(work, { cost: PROVIDES_PER_DAY, signal: undefined })
    const next = queue.run(work, ONE)
    assert.equal(done, 1)
    assert.equal(fire(), 86_400_000 / PROVIDES_PER_DAY)
    await next
  })

  it('takes no lot that it could never afford, for it would hold up all others', () => {
    const queue = new ProvideQueue(handClock().clock, 2)
    const work = (): Promise<void> => assert.fail('was refused')
    assert.throws(() => queue.run(work, { cost: 3, signal: undefined }), RangeError)
  })

  it('lets MAX_WAITING_PROVIDES wait, and refuses the next', async () => {
    const queue = new ProvideQueue(handClock().clock, 1)
    await queue.run(() => Promise.resolve(), ONE)
    const work = (): Promise<void> => assert.fail('was stopped')
    const waiting = Array.from({ length: MAX_WAITING_PROVIDES }, () => queue.run(work, ONE))
    await assert.rejects(queue.run(work, ONE), /announcements waiting/)
    queue.stop()
    assert.equal((await Promise.allSettled(waiting)).length, MAX_WAITING_PROVIDES)
  })

  it('lets a waiting one be given up, and stops', async () => {
    const { clock } = handClock()
    const queue = new ProvideQueue(clock, 1)
    await queue.run(() => Promise.resolve(), ONE)
    const caller = new AbortController()
    const given = queue.run(() => assert.fail('was given up'), { cost: 1, signal: caller.signal })
    const reason = new Error('enough')
    caller.abort(reason)
    await assert.rejects(given, reason)
    const left = queue.run(() => assert.fail('was stopped'), ONE)
    queue.stop()
    await assert.rejects(left, { code: 'ERR_SOURCE_UNAVAILABLE' })
  })

  it('goes on after one that failed', async () => {
    const queue = new ProvideQueue(handClock().clock, 5)
    const failure = new Error('no server')
    await assert.rejects(
      queue.run(() => Promise.reject(failure), ONE),
      failure,
    )
    await queue.run(() => Promise.resolve(), ONE)
  })
})
