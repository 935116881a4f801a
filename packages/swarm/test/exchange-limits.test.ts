import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ManualClock, silentLogger } from '@jarswarm/testkit'
import type { ExchangeRequest } from '@jarswarm/ports'
import { MAX_NOTICE_REQUESTS_PER_SECOND } from '../src/donors/limits.ts'
import { decodeFrames } from '../src/exchange/frames.ts'
import { formatRequest, KIND, parseTilePayload, STATUS } from '../src/exchange/message.ts'
import { RequestRate } from '../src/exchange/request-rate.ts'
import { RequestLane } from '../src/exchange/request-lane.ts'
import { toLaneRequest } from '../src/exchange/requests.ts'
import { Responder } from '../src/exchange/responder.ts'
import { streamSink } from '../src/exchange/stream-iterables.ts'
import { formatSummary } from '../src/holdings/summary.ts'
import {
  MAX_ANSWERS_IN_WORK,
  MAX_BLOB_BYTES,
  MAX_FRAME_BYTES,
  MAX_MANIFEST_BYTES,
  MAX_OBJECT_BYTES,
  MAX_OPEN_BYTES,
  MAX_OPEN_REQUESTS,
  MAX_REQUESTS_PER_SECOND,
  MAX_ROOT_BYTES,
  MAX_SUMMARIES_PER_SECOND,
  MAX_TILE_BYTES,
  MAX_TILE_NAME_BYTES,
  SILENCE_MS,
  SLOWEST_BYTES_PER_SECOND,
  WRITE_STALL_MS,
} from '../src/limits.ts'
import { ANSWER_BASE_MS } from '../src/pace.ts'
import { answererWith } from './_answerer.ts'
import { FakeStream } from './_fake-stream.ts'
import { frame, idOf } from './_hostile.ts'
import { REPOSITORY, waitFor } from './_nodes.ts'

const DIGEST = '11'.repeat(32)
const OK = Uint8Array.of(STATUS.ok)

function blob(length: number): ExchangeRequest {
  return { kind: 'blob', repository: REPOSITORY, digest: DIGEST, offset: 0, length }
}

function laneOn(fake: FakeStream): { readonly clock: ManualClock; readonly lane: RequestLane } {
  const clock = new ManualClock()
  const open = () => Promise.resolve(fake.stream)
  return { clock, lane: new RequestLane({ clock, open }, { silenceMs: SILENCE_MS }) }
}

/** What comes of asking for something and being answered with so many bytes. */
async function answered(request: ExchangeRequest, sizeBytes: number): Promise<number> {
  const fake = new FakeStream()
  const { lane } = laneOn(fake)
  const answer = lane.ask(toLaneRequest(request), undefined)
  await waitFor('the request', () => fake.sent.length === 1)
  const [asked = new Uint8Array(4)] = fake.sent
  fake.deliver(frame(idOf(asked), OK, new Uint8Array(sizeBytes)))
  return (await answer).length
}

async function firstFrame(bytes: Uint8Array): Promise<number> {
  const source = (async function* () {
    await Promise.resolve()
    yield bytes
  })()
  for await (const body of decodeFrames(source)) return body.length
  return 0
}

describe('the asking side', () => {
  it('takes a frame of MAX_FRAME_BYTES, and none longer', async () => {
    assert.equal(await firstFrame(frame(new Uint8Array(MAX_FRAME_BYTES))), MAX_FRAME_BYTES)
    await assert.rejects(firstFrame(frame(new Uint8Array(MAX_FRAME_BYTES + 1))))
  })

  it('takes answers of MAX_OBJECT_BYTES, MAX_MANIFEST_BYTES, MAX_ROOT_BYTES and MAX_TILE_BYTES, and none longer', async () => {
    const repository = REPOSITORY
    const bounds: readonly [ExchangeRequest, number][] = [
      [{ kind: 'object', repository, digest: DIGEST }, MAX_OBJECT_BYTES],
      [{ kind: 'manifest', repository }, MAX_MANIFEST_BYTES],
      [{ kind: 'root', repository, number: 1 }, MAX_ROOT_BYTES],
      [{ kind: 'log', repository, tile: 'tile/0/000' }, MAX_TILE_BYTES],
    ]
    for (const [request, bound] of bounds) {
      assert.equal(await answered(request, bound), bound)
      await assert.rejects(answered(request, bound + 1), { code: 'ERR_SOURCE_UNAVAILABLE' })
    }
  })

  it('asks for MAX_BLOB_BYTES at once, and for no more', () => {
    assert.equal(toLaneRequest(blob(MAX_BLOB_BYTES)).maxBytes, MAX_BLOB_BYTES)
    assert.throws(() => toLaneRequest(blob(MAX_BLOB_BYTES + 1)), RangeError)
  })

  it('has MAX_OPEN_BYTES open on a stream, and the rest waiting', async () => {
    const fake = new FakeStream()
    const { lane } = laneOn(fake)
    const atOnce = MAX_OPEN_BYTES / MAX_BLOB_BYTES
    const answers = Array.from({ length: atOnce + 2 }, () =>
      lane.ask(toLaneRequest(blob(MAX_BLOB_BYTES)), undefined),
    )
    await waitFor('the requests', () => fake.sent.length === atOnce)
    const [asked = new Uint8Array(4)] = fake.sent
    fake.deliver(frame(idOf(asked), OK, new Uint8Array(MAX_BLOB_BYTES)))
    await answers[0]
    await waitFor('the next', () => fake.sent.length > atOnce)
    assert.equal(fake.sent.length, atOnce + 1)
    lane.close(new Error('the test is over'))
    await Promise.allSettled(answers)
  })

  it('has MAX_OPEN_REQUESTS open on a stream, and the rest waiting', async () => {
    const fake = new FakeStream()
    const { lane } = laneOn(fake)
    const answers = Array.from({ length: MAX_OPEN_REQUESTS + 2 }, () =>
      lane.ask(toLaneRequest(blob(1)), undefined),
    )
    await waitFor('the requests', () => fake.sent.length === MAX_OPEN_REQUESTS)
    const [asked = new Uint8Array(4)] = fake.sent
    fake.deliver(frame(idOf(asked), OK, Uint8Array.of(7)))
    await answers[0]
    await waitFor('the next', () => fake.sent.length > MAX_OPEN_REQUESTS)
    assert.equal(fake.sent.length, MAX_OPEN_REQUESTS + 1)
    lane.close(new Error('the test is over'))
    await Promise.allSettled(answers)
  })

  it('gives a peer up after SILENCE_MS without a byte', async () => {
    const fake = new FakeStream()
    const { clock, lane } = laneOn(fake)
    const answer = lane.ask(toLaneRequest(blob(8)), undefined)
    await waitFor('the request', () => fake.sent.length === 1)
    clock.advance(SILENCE_MS - 1)
    assert.equal(fake.aborted, undefined)
    clock.advance(1)
    await assert.rejects(answer, /silent/)
  })

  it('gives a peer up that drips fewer than SLOWEST_BYTES_PER_SECOND', async () => {
    const fake = new FakeStream()
    const { clock, lane } = laneOn(fake)
    const answer = lane.ask(toLaneRequest(blob(MAX_BLOB_BYTES)), undefined)
    await waitFor('the request', () => fake.sent.length === 1)
    const [asked = new Uint8Array(4)] = fake.sent
    const bytes = frame(idOf(asked), OK, new Uint8Array(MAX_BLOB_BYTES))
    const allowedMs = ANSWER_BASE_MS + (MAX_BLOB_BYTES / SLOWEST_BYTES_PER_SECOND) * 1_000
    const stepMs = SILENCE_MS / 2
    let passedMs = 0
    for (let at = 0; passedMs + stepMs <= allowedMs; at += 1, passedMs += stepMs) {
      fake.deliver(bytes.subarray(at, at + 1))
      // Each byte is read before the time goes on: it is a sign of life.
      await new Promise((resolve) => setImmediate(resolve))
      clock.advance(stepMs)
    }
    assert.equal(fake.aborted, undefined)
    fake.deliver(bytes.subarray(1_000, 1_001))
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(2 * SILENCE_MS)
    await assert.rejects(answer, /silent/)
  })
})

describe('the answering side', () => {
  function respondTo(fake: FakeStream, clock = new ManualClock()) {
    let reads = 0
    const gate = Promise.withResolvers<undefined>()
    const responder = new Responder({
      clock,
      logger: silentLogger,
      answer: async () => {
        reads += 1
        await gate.promise
        return { status: STATUS.ok, payload: new Uint8Array(0) }
      },
    })
    const served = responder.serve('peer', fake.stream)
    return { reads: () => reads, release: gate.resolve, served }
  }

  const request = (id: number): Uint8Array =>
    frame(
      formatRequest({
        id,
        kind: KIND.manifest,
        repository: REPOSITORY,
        payload: new Uint8Array(0),
      }),
    )

  it('works on MAX_ANSWERS_IN_WORK answers of a stream at a time', async () => {
    const fake = new FakeStream()
    const { reads, release } = respondTo(fake)
    const wanted = MAX_ANSWERS_IN_WORK + 4
    for (let id = 1; id <= wanted; id += 1) fake.deliver(request(id))
    await waitFor('the first answers', () => reads() >= MAX_ANSWERS_IN_WORK)
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(reads(), MAX_ANSWERS_IN_WORK)
    release(undefined)
    await waitFor('all answers', () => fake.sent.length === wanted)
    assert.equal(reads(), wanted)
  })

  it('answers MAX_REQUESTS_PER_SECOND of a peer, and is busy for the rest of the second', async (t) => {
    const take = Object.getOwnPropertyDescriptor(RequestRate.prototype, 'take')?.value as (
      this: RequestRate,
    ) => boolean
    const weight = MAX_REQUESTS_PER_SECOND / 40
    // Each counts as many, for to answer all of them takes seconds.
    t.mock.method(RequestRate.prototype, 'take', function (this: RequestRate) {
      for (let count = 1; count < weight; count += 1) take.call(this)
      return take.call(this)
    })
    const fake = new FakeStream()
    const clock = new ManualClock()
    const { release } = respondTo(fake, clock)
    release(undefined)
    const statuses = () => fake.sent.map((answer) => answer[4])
    for (let id = 1; id <= 41; id += 1) fake.deliver(request(id))
    await waitFor('the answers', () => fake.sent.length === 41)
    assert.ok(
      statuses()
        .slice(0, 40)
        .every((status) => status === STATUS.ok),
    )
    assert.equal(statuses()[40], STATUS.busy)
    clock.advance(1_000)
    fake.deliver(request(42))
    await waitFor('the next second', () => fake.sent.length === 42)
    assert.equal(statuses()[41], STATUS.ok)
  })

  it('takes MAX_SUMMARIES_PER_SECOND of a peer', async () => {
    let taken = 0
    const answerer = answererWith({ onSummary: () => (taken += 1) })
    const payload = formatSummary({
      reset: true,
      completeToSeq: undefined,
      added: new Uint32Array(0),
      removed: new Uint32Array(0),
    })
    const tell = () =>
      answerer.answer('peer', { id: 1, kind: KIND.holdings, repository: REPOSITORY, payload })
    for (let count = 0; count < MAX_SUMMARIES_PER_SECOND; count += 1) {
      assert.equal((await tell()).status, STATUS.ok)
    }
    assert.equal((await tell()).status, STATUS.busy)
    assert.equal(taken, MAX_SUMMARIES_PER_SECOND)
  })

  it('answers MAX_NOTICE_REQUESTS_PER_SECOND of a peer', async () => {
    const clock = new ManualClock()
    const answerer = answererWith({ clock })
    const ask = async (peer: string): Promise<number> =>
      (
        await answerer.answer(peer, {
          id: 1,
          kind: KIND.donors,
          repository: REPOSITORY,
          payload: new Uint8Array(4),
        })
      ).status
    for (let count = 0; count < MAX_NOTICE_REQUESTS_PER_SECOND; count += 1) {
      assert.equal(await ask('peer'), STATUS.ok)
    }
    assert.equal(await ask('peer'), STATUS.busy)
    assert.equal(await ask('another'), STATUS.ok)
    clock.advance(1_000)
    assert.equal(await ask('peer'), STATUS.ok)
  })

  it('reads the name of a tile of MAX_TILE_NAME_BYTES, and none longer', () => {
    const name = (bytes: number): Uint8Array => Buffer.from('tile/'.padEnd(bytes, '0'))
    assert.equal(parseTilePayload(name(MAX_TILE_NAME_BYTES))?.tile.length, MAX_TILE_NAME_BYTES)
    assert.equal(parseTilePayload(name(MAX_TILE_NAME_BYTES + 1)), undefined)
    assert.deepEqual(parseTilePayload(Buffer.from('tile/0 12')), { tile: 'tile/0', from: 12 })
    for (const wrong of ['tile/0 0', 'tile/0 01', 'tile/0  1', 'tile/0 12345678', 'tile/0 -1'])
      assert.equal(parseTilePayload(Buffer.from(wrong)), undefined, wrong)
  })

  it('lets a reader go that takes nothing for WRITE_STALL_MS', async () => {
    const fake = new FakeStream()
    const clock = new ManualClock()
    fake.writeBufferLength = 1
    const sink = streamSink(fake.stream, { clock, stallMs: WRITE_STALL_MS })
    const source = (async function* () {
      await Promise.resolve()
      yield new Uint8Array(8)
    })()
    let ended = false
    const outcome = assert.rejects(sink(source), /no byte taken/).finally(() => (ended = true))
    await waitFor('the wait', () => clock.pendingTimers === 1)
    clock.advance(WRITE_STALL_MS - 1)
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(ended, false)
    clock.advance(1)
    await outcome
  })
})
