import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { OriginLostError } from '../src/index.ts'
import { RequestPace } from '../src/request-pace.ts'

describe('RequestPace', () => {
  it('gives up a server that does nothing but ask to wait', (t) => {
    let nowMs = 0
    // Each pause is over when it is looked at next.
    t.mock.method(performance, 'now', () => (nowMs += 3_600_000))
    const pauses: number[] = []
    const pace = new RequestPace('http://server/', (ms) => pauses.push(ms))
    const pause = (): void => {
      pace.pause(60_000)
    }
    for (let time = 0; time < 10; time += 1) pause()
    pace.answered()
    for (let time = 0; time < 10; time += 1) pause()
    assert.throws(pause, OriginLostError)
    assert.equal(pauses.length, 21)
  })

  it('counts once what requests under way together are told', (t) => {
    t.mock.method(performance, 'now', () => 1_000)
    const pauses: number[] = []
    const pace = new RequestPace('http://server/', (ms) => pauses.push(ms))
    for (let request = 0; request < 64; request += 1) pace.pause(60_000)
    assert.deepEqual(pauses, [60_000])
  })

  it('ends a pause at once when it is told to stop', async () => {
    const pace = new RequestPace('http://server/', () => undefined)
    pace.pause(3_600_000)
    const controller = new AbortController()
    const ready = pace.ready(controller.signal)
    controller.abort(new Error('stopped'))
    await assert.rejects(ready, { name: 'AbortError' })
    await assert.rejects(pace.ready(controller.signal), /stopped/)
  })

  it('gives up when one request after another fails, and none comes between', () => {
    const pace = new RequestPace('http://server/', () => undefined)
    const fail = (): void => {
      pace.failed('ECONNREFUSED')
    }
    for (let time = 0; time < 48; time += 1) fail()
    pace.answered()
    for (let time = 0; time < 48; time += 1) fail()
    assert.throws(fail, /49 files in a row failed, the last one with: ECONNREFUSED/)
  })
})
