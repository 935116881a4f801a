import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { sliceSet } from '@jarswarm/manifest'
import { ManualClock, TEST_NOW_MS } from '@jarswarm/testkit'
import { multiaddr } from '@multiformats/multiaddr'
import { MAX_DONORS, MAX_NOTICE_AHEAD_MS, MAX_UNPROVEN_DONORS } from '../src/donors/limits.ts'
import type { Notice } from '../src/donors/notice.ts'
import { NoticeBoard } from '../src/donors/notice-board.ts'
import { crowdOf, LIFE_MS, newKey, noticeOf } from './_notices.ts'

function board(): { readonly clock: ManualClock; readonly notices: NoticeBoard } {
  const clock = new ManualClock()
  return { clock, notices: new NoticeBoard(clock) }
}

describe('NoticeBoard', () => {
  let crowd: readonly Notice[] = []

  before(async () => {
    crowd = await crowdOf(MAX_DONORS + 10)
  })

  it('has the newest notice of a donor, and says what changed', async () => {
    const { notices } = board()
    const key = await newKey()
    const [first, again, other, old] = await Promise.all([
      noticeOf({}, key),
      noticeOf({ issuedMs: TEST_NOW_MS + 1 }, key),
      noticeOf({ issuedMs: TEST_NOW_MS + 2, slices: sliceSet([5]) }, key),
      noticeOf({ issuedMs: TEST_NOW_MS + 1, donatedBytes: 7 }, key),
    ])
    assert.equal(notices.take(first, 'a'), true)
    assert.equal(notices.take(again, 'a'), false)
    assert.equal(notices.donors()[0]?.issuedMs, TEST_NOW_MS + 1)
    assert.equal(notices.take(other, 'b'), true)
    for (const replayed of [first, old, other]) {
      assert.equal(notices.wants(replayed, 'c'), false)
      assert.equal(notices.take(replayed, 'c'), false)
    }
    assert.deepEqual(notices.donors()[0]?.slices, sliceSet([5]))
    assert.equal(notices.size, 1)
  })

  it('forgets a notice at the end of its life, and takes none after it', async () => {
    const { clock, notices } = board()
    const notice = await noticeOf()
    notices.take(notice, 'a')
    clock.advance(LIFE_MS - 1)
    assert.equal(notices.donors().length, 1)
    assert.equal(notices.expire(), false)
    clock.advance(1)
    assert.deepEqual([notices.donors(), notices.notices()], [[], []])
    assert.equal(notices.expire(), true)
    assert.equal(notices.size, 0)
    assert.equal(notices.wants(notice, 'a'), false)
  })

  it('takes a notice that is ahead of the clock by MAX_NOTICE_AHEAD_MS, and no more', async () => {
    const { notices } = board()
    const issuedMs = TEST_NOW_MS + MAX_NOTICE_AHEAD_MS
    assert.equal(notices.wants(await noticeOf({ issuedMs }), 'a'), true)
    assert.equal(notices.wants(await noticeOf({ issuedMs: issuedMs + 1 }), 'a'), false)
  })

  it('remembers that a donation ended, so that an older notice does not count again', async () => {
    const { notices } = board()
    const key = await newKey()
    const given = await noticeOf({}, key)
    const ended = { issuedMs: TEST_NOW_MS + 1, donatedBytes: 0, slices: sliceSet([]) }
    notices.take(given, 'a')
    assert.equal(notices.take(await noticeOf(ended, key), 'a'), true)
    assert.equal(notices.take(given, 'a'), false)
    assert.deepEqual(notices.donors(), [])
    assert.equal(notices.notices().length, 1)
  })

  it('has room for MAX_UNPROVEN_DONORS, which peers share when there are more', () => {
    const { notices } = board()
    const offer = (from: string, some: readonly Notice[]): number =>
      some.filter((notice) => notices.take(notice, from)).length
    assert.equal(notices.roomFor('flood'), MAX_UNPROVEN_DONORS)
    assert.equal(offer('flood', crowd), MAX_UNPROVEN_DONORS)
    assert.equal(notices.roomFor('flood'), 0)
    const rest = crowd.slice(MAX_UNPROVEN_DONORS)
    assert.equal(notices.roomFor('honest'), MAX_UNPROVEN_DONORS / 2)
    assert.equal(offer('honest', rest), MAX_UNPROVEN_DONORS / 2)
    assert.equal(offer('flood', rest), 0)
    assert.equal(notices.size, MAX_UNPROVEN_DONORS)
    assert.equal(
      offer('third', rest.slice(MAX_UNPROVEN_DONORS)),
      Math.floor(MAX_UNPROVEN_DONORS / 3),
    )
  })

  it('keeps the newest of the peer that told of too many', async () => {
    const { notices } = board()
    const old = await noticeOf({ issuedMs: TEST_NOW_MS - 1 })
    for (const notice of [...crowd.slice(1, MAX_UNPROVEN_DONORS), old]) notices.take(notice, 'a')
    const [first] = crowd
    assert.ok(first)
    assert.equal(notices.take(first, 'b'), true)
    assert.equal(notices.find(old.peer), undefined)
    assert.equal(notices.size, MAX_UNPROVEN_DONORS)
  })

  it('has room for MAX_DONORS, and lets no proven one go', () => {
    const { notices } = board()
    for (const notice of crowd.slice(0, MAX_DONORS)) {
      assert.equal(notices.take(notice, 'a'), true)
      notices.prove(notice.peer, true)
    }
    for (const notice of crowd.slice(MAX_DONORS)) assert.equal(notices.take(notice, 'b'), false)
    assert.equal(notices.size, MAX_DONORS)
    for (const { peer } of crowd) notices.prove(peer, false)
    assert.equal(notices.size, MAX_UNPROVEN_DONORS)
  })

  it('believes where a donor was met more than what it says', async () => {
    const { notices } = board()
    const addresses = [multiaddr('/ip4/8.8.4.4/tcp/1')]
    const notice = await noticeOf({ addresses })
    notices.take(notice, 'a')
    const range = (): string | undefined => notices.donors()[0]?.range
    assert.equal(range(), '8.8.4')
    notices.met(notice.peer, '9.9.9')
    assert.equal(range(), '9.9.9')
    notices.met(notice.peer, undefined)
    assert.equal(range(), undefined)
  })
})
