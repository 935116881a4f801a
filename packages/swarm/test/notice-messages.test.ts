import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TEST_NOW_MS } from '@jarswarm/testkit'
import { multiaddr } from '@multiformats/multiaddr'
import { MAX_DONORS, MAX_NOTICES_BYTES } from '../src/donors/limits.ts'
import type { Notice } from '../src/donors/notice.ts'
import {
  formatKnown,
  formatNotices,
  keyPrefix,
  parseKnown,
  parseNotices,
} from '../src/donors/notice-messages.ts'
import { crowdOf, newKey, noticeOf, noticesOf } from './_notices.ts'

const NOTHING = { room: 9, issuedMs: new Map<bigint, bigint>() }

function told(notices: readonly Notice[], room: number, known: readonly Notice[]): string[] {
  const asked = parseKnown(formatKnown(room, known))
  assert.ok(asked)
  return parseNotices(formatNotices(notices, asked)).map(({ peer }) => peer)
}

describe('parseKnown', () => {
  it('reads what formatKnown wrote', async () => {
    const notices = await noticesOf(3)
    const known = parseKnown(formatKnown(12, notices))
    assert.equal(known?.room, 12)
    assert.deepEqual(
      [...known.issuedMs],
      notices.map(({ keyHex }) => [keyPrefix(keyHex), BigInt(TEST_NOW_MS)]),
    )
  })

  it('refuses other lengths than it says, a donor twice, and more than MAX_DONORS', () => {
    const named = (count: number, length: number): Uint8Array => {
      const bytes = Buffer.alloc(4 + length * 16)
      bytes.writeUInt16BE(count, 2)
      for (let at = 0; at < length; at += 1) bytes.writeUInt32BE(at, 4 + at * 16)
      return bytes
    }
    assert.ok(parseKnown(named(MAX_DONORS, MAX_DONORS)))
    assert.equal(parseKnown(named(3, 3).fill(0, 4)), undefined)
    for (const bytes of [
      named(MAX_DONORS + 1, MAX_DONORS + 1),
      named(2, 1),
      named(0, 1),
      Buffer.of(0, 0, 0),
    ])
      assert.equal(parseKnown(bytes), undefined)
  })
})

describe('formatNotices', () => {
  it('tells what is newer or unknown, and no more unknown ones than there is room for', async () => {
    const key = await newKey()
    const [one, newer] = [
      await noticeOf({}, key),
      await noticeOf({ issuedMs: TEST_NOW_MS + 1 }, key),
    ]
    const others = await noticesOf(3)
    const peers = others.map(({ peer }) => peer)
    assert.deepEqual(told([...others, one], 9, []), [...peers, one.peer])
    assert.deepEqual(told([...others, newer], 9, [one, ...others.slice(1)]), [peers[0], one.peer])
    assert.deepEqual(told([...others, newer], 0, [one]), [one.peer])
    assert.deepEqual(told([...others, one], 2, [newer]), peers.slice(0, 2))
  })

  it('tells MAX_NOTICES_BYTES at most', async () => {
    const address = multiaddr(`/dns4/${'a'.repeat(84)}/tcp/1`)
    const notices = await crowdOf(270, { addresses: [address, address, address, address] })
    const bytes = formatNotices(notices, { ...NOTHING, room: 1_000 })
    assert.ok(bytes.length <= MAX_NOTICES_BYTES && bytes.length > MAX_NOTICES_BYTES - 1_100)
    assert.ok(parseNotices(bytes).length >= 250)
  })
})

describe('parseNotices', () => {
  it('leaves out a notice of another version, and reads the next', async () => {
    const [one, two] = await noticesOf(2)
    assert.ok(one && two)
    const bytes = Uint8Array.from(formatNotices([one, two], NOTHING))
    bytes[2] = 2
    assert.deepEqual(
      parseNotices(bytes).map(({ peer }) => peer),
      [two.peer],
    )
  })

  it('keeps nothing of the answer but the notice', async () => {
    const answer = Buffer.from(formatNotices(await noticesOf(2), NOTHING))
    for (const { bytes } of parseNotices(answer)) {
      assert.equal(bytes.buffer.byteLength, bytes.length)
    }
  })

  it('refuses an answer that ends within a notice', async () => {
    const bytes = formatNotices(await noticesOf(1), NOTHING)
    for (const length of [1, 2, 3, bytes.length - 1]) {
      assert.throws(() => parseNotices(bytes.subarray(0, length)), { code: 'ERR_PROTOCOL' })
    }
    assert.deepEqual(parseNotices(new Uint8Array(0)), [])
  })
})
