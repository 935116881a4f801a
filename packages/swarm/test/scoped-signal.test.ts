import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, it } from 'node:test'
import { ManualClock } from '@jarswarm/testkit'
import { scopedSignal } from '../src/scoped-signal.ts'

describe('scopedSignal', () => {
  it('aborts with the reason of the first that aborts', () => {
    const source = new AbortController()
    const { signal } = scopedSignal(new ManualClock(), 1_000, [undefined, source.signal])
    const reason = new Error('enough')
    source.abort(reason)
    assert.equal(signal.reason, reason)
  })

  it('is aborted from the start when one of the others is', () => {
    const reason = new Error('enough')
    const { signal } = scopedSignal(new ManualClock(), 1_000, [AbortSignal.abort(reason)])
    assert.equal(signal.reason, reason)
  })

  it('aborts after its time', () => {
    const clock = new ManualClock()
    const { signal } = scopedSignal(clock, 1_000, [])
    clock.advance(999)
    assert.equal(signal.aborted, false)
    clock.advance(1)
    assert.equal((signal.reason as Error).name, 'TimeoutError')
  })

  it('leaves nothing behind when released', () => {
    const clock = new ManualClock()
    const source = new AbortController()
    const { signal, release } = scopedSignal(clock, 1_000, [source.signal])
    release()
    assert.equal(clock.pendingTimers, 0)
    assert.equal(getEventListeners(source.signal, 'abort').length, 0)
    source.abort(new Error('too late'))
    assert.equal(signal.aborted, false)
  })
})
