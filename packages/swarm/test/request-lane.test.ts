import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Stream } from '@libp2p/interface'
import { ManualClock } from '@jarswarm/testkit'
import { KIND } from '../src/exchange/message.ts'
import { RequestLane } from '../src/exchange/request-lane.ts'
import type { LaneRequest } from '../src/exchange/request-lane.ts'
import { MAX_WAITING_REQUESTS } from '../src/limits.ts'
import { REPOSITORY } from './_nodes.ts'

const REQUEST: LaneRequest = {
  what: 'root manifest',
  kind: KIND.manifest,
  repository: REPOSITORY,
  payload: new Uint8Array(0),
  costBytes: 1,
  exactBytes: undefined,
  maxBytes: 1,
}

describe('RequestLane', () => {
  const gone = new Error('the peer is gone')

  it('cuts a stream that was opened for a lane closed meanwhile', async () => {
    const opened = Promise.withResolvers<Stream>()
    const cut = Promise.withResolvers<unknown>()
    const lane = new RequestLane(
      { clock: new ManualClock(), open: () => opened.promise },
      { silenceMs: 1_000 },
    )
    const answer = lane.ask(REQUEST, undefined)
    lane.close(gone)
    await assert.rejects(answer, gone)
    opened.resolve({ abort: cut.resolve } as unknown as Stream)
    assert.equal(await cut.promise, gone)
    await assert.rejects(lane.ask(REQUEST, undefined), gone)
  })

  it('fails all that wait when no stream can be opened, and tries anew for the next', async () => {
    let opens = 0
    const lane = new RequestLane(
      {
        clock: new ManualClock(),
        open: () => {
          opens += 1
          return Promise.reject(gone)
        },
      },
      { silenceMs: 1_000 },
    )
    const answers = await Promise.allSettled([
      lane.ask(REQUEST, undefined),
      lane.ask(REQUEST, undefined),
    ])
    for (const { status } of answers) assert.equal(status, 'rejected')
    await assert.rejects(lane.ask(REQUEST, undefined), {
      code: 'ERR_SOURCE_UNAVAILABLE',
      cause: gone,
    })
    assert.equal(opens, 2)
  })

  it('takes MAX_WAITING_REQUESTS', async () => {
    const lane = new RequestLane(
      { clock: new ManualClock(), open: () => new Promise(() => undefined) },
      { silenceMs: 1_000 },
    )
    const waiting = Array.from({ length: MAX_WAITING_REQUESTS }, () => lane.ask(REQUEST, undefined))
    await assert.rejects(lane.ask(REQUEST, undefined), /too many requests wait/)
    lane.close(gone)
    assert.equal((await Promise.allSettled(waiting)).length, MAX_WAITING_REQUESTS)
  })
})
