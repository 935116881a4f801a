import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sliceSet } from '@jarswarm/manifest'
import type { Donation } from '@jarswarm/ports'
import { ManualClock, silentLogger, TEST_NOW_MS } from '@jarswarm/testkit'
import { multiaddr } from '@multiformats/multiaddr'
import { MAX_DONORS, MAX_NOTICE_LIFE_MS } from '../src/donors/limits.ts'
import { OwnNotice } from '../src/donors/own-notice.ts'
import type { Notice } from '../src/donors/notice.ts'
import { parseNotice, verifyNotice } from '../src/donors/notice.ts'
import { DONORS_PER_INTERVAL, INTERVALS_OF_LIFE } from '../src/pace.ts'
import { REPOSITORY, waitFor } from './_nodes.ts'
import { newKey } from './_notices.ts'

const INTERVAL_MS = 300_000
const DEBOUNCE_MS = 30_000

function donation(...slices: number[]): Donation {
  return { donatedBytes: 1_000, slices: sliceSet(slices) }
}

interface Rig {
  readonly clock: ManualClock
  readonly own: OwnNotice
  addresses: string[]
  donors: number
  /** Let time pass, and wait for the notice that is signed then. */
  readonly later: (ms: number) => Promise<Notice>
}

async function rig(): Promise<Rig> {
  const clock = new ManualClock()
  const key = await newKey()
  const around = { addresses: ['/ip4/192.0.2.1/tcp/1'], donors: 0 }
  const own = new OwnNotice(
    {
      clock,
      logger: silentLogger,
      key,
      addresses: () => around.addresses.map((text) => multiaddr(text)),
      donors: () => around.donors,
    },
    { repository: REPOSITORY, intervalMs: INTERVAL_MS, debounceMs: DEBOUNCE_MS },
  )
  const later = async (ms: number): Promise<Notice> => {
    const before = own.current
    clock.advance(ms)
    await waitFor('a notice', () => own.current !== before)
    assert.ok(own.current)
    return own.current
  }
  return Object.assign(around, { clock, own, later })
}

describe('OwnNotice', () => {
  it('tells a donation at once, as others can read it', async () => {
    const { own, later } = await rig()
    own.donate(donation(3))
    own.start()
    const parsed = parseNotice((await later(0)).bytes)
    assert.ok(parsed)
    const notice = await verifyNotice(parsed)
    assert.deepEqual([...notice.slices], [...donation(3).slices])
    assert.deepEqual([notice.issuedMs, notice.donatedBytes], [TEST_NOW_MS, 1_000])
    assert.equal(notice.lifeMs, INTERVAL_MS * INTERVALS_OF_LIFE)
    assert.deepEqual(notice.addresses.map(String), ['/ip4/192.0.2.1/tcp/1'])
    own.stop()
  })

  it('gathers changes for a while, and tells what is true at its end', async () => {
    const { clock, own, later } = await rig()
    own.start()
    own.donate(donation(1))
    const first = await later(0)
    own.donate(donation(1, 2))
    own.donate(donation(1, 2, 3))
    clock.advance(DEBOUNCE_MS - 1)
    assert.equal(own.current, first)
    assert.deepEqual((await later(1)).slices, donation(1, 2, 3).slices)
    own.stop()
  })

  it('is not changed by a set that changes after it was told', async () => {
    const { own, later } = await rig()
    own.start()
    const given = donation(1)
    own.donate(given)
    given.slices.fill(0xff)
    assert.deepEqual((await later(0)).slices, donation(1).slices)
    own.stop()
  })

  it('tells it again at each interval, longer ones when many donate', async () => {
    const found = await rig()
    found.own.start()
    found.own.donate(donation(1))
    await found.later(0)
    found.donors = 4 * DONORS_PER_INTERVAL
    const second = await found.later(INTERVAL_MS)
    assert.equal(second.lifeMs, 4 * INTERVALS_OF_LIFE * INTERVAL_MS)
    found.clock.advance(4 * INTERVAL_MS - 1)
    assert.equal(found.own.current, second)
    found.donors = 10 * MAX_DONORS
    assert.equal((await found.later(1)).lifeMs, MAX_NOTICE_LIFE_MS)
    found.own.stop()
    assert.equal(found.clock.pendingTimers, 0)
  })

  it('tells of new addresses, and of nothing when they are the same', async () => {
    const found = await rig()
    found.own.readdressed()
    found.own.start()
    found.own.donate(donation(1))
    const first = await found.later(0)
    found.own.readdressed()
    found.clock.advance(DEBOUNCE_MS)
    assert.equal(found.own.current, first)
    found.addresses = ['/ip4/192.0.2.2/tcp/1']
    found.own.readdressed()
    assert.deepEqual((await found.later(0)).addresses.map(String), found.addresses)
    found.own.stop()
  })

  it('tells of the end of a donation once, for as long as the last notice counts', async () => {
    const found = await rig()
    found.donors = 2 * DONORS_PER_INTERVAL
    found.own.start()
    found.own.donate(undefined)
    found.own.donate(donation(1))
    const last = await found.later(0)
    found.donors = 0
    found.own.donate(undefined)
    const ended = await found.later(DEBOUNCE_MS)
    assert.deepEqual([ended.donatedBytes, ended.slices], [0, sliceSet([])])
    assert.equal(ended.issuedMs + ended.lifeMs, last.issuedMs + last.lifeMs)
    assert.equal(found.clock.pendingTimers, 0)
    found.clock.advance(ended.lifeMs - 1)
    assert.equal(found.own.current, ended)
    found.clock.advance(1)
    assert.equal(found.own.current, undefined)
  })

  it('tells something newer after the clock was set back', async () => {
    const found = await rig()
    found.own.start()
    found.own.donate(donation(1))
    await found.later(0)
    found.clock.jumpTo(TEST_NOW_MS - 86_400_000)
    found.own.donate(donation(2))
    assert.equal((await found.later(DEBOUNCE_MS)).issuedMs, TEST_NOW_MS + 1)
    found.own.stop()
  })
})
