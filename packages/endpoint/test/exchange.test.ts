import assert from 'node:assert/strict'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, it } from 'node:test'
import { ManualClock } from '@jarswarm/testkit'
import { Exchange } from '../src/exchange.ts'

function setUp(destroyed = false) {
  const clock = new ManualClock()
  const request = new IncomingMessage(new Socket())
  const response = new ServerResponse(request)
  if (destroyed) response.destroy()
  const parts = { request, response, reset: () => undefined }
  return { clock, response, exchange: new Exchange(parts, clock) }
}

describe('Exchange', () => {
  it('decides within 7.5 s of the request, however late its signal is asked for', () => {
    const { clock, exchange } = setUp()
    assert.equal(clock.pendingTimers, 0)
    clock.advance(5_000)
    const { signal } = exchange
    clock.advance(2_499)
    assert.equal(signal.aborted, false)
    clock.advance(1)
    assert.match(String(signal.reason), /No source answered in time/)
  })

  it('sets no deadline for a decision that was made', () => {
    const { clock, exchange } = setUp()
    exchange.decided()
    const { signal } = exchange
    assert.equal(clock.pendingTimers, 0)
    assert.equal(signal.aborted, false)
  })

  it('is aborted when the client goes, before or after its signal is asked for', () => {
    for (const destroyed of [true, false]) {
      const { clock, response, exchange } = setUp(destroyed)
      const { signal } = exchange
      assert.equal(signal.aborted, destroyed)
      response.emit('close')
      assert.match(String(signal.reason), /The client closed/)
      assert.equal(clock.pendingTimers, 0)
    }
  })
})
