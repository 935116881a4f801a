import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { describe, it } from 'node:test'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { sliceSet } from '@jarswarm/manifest'
import { TEST_NOW_MS } from '@jarswarm/testkit'
import { multiaddr } from '@multiformats/multiaddr'
import type { Multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { MAX_NOTICE_ADDRESSES, MAX_NOTICE_BYTES, MAX_NOTICE_LIFE_MS } from '../src/donors/limits.ts'
import { parseNotice, verifyNotice } from '../src/donors/notice.ts'
import { noticeAddresses, parseAddresses } from '../src/donors/notice-addresses.ts'
import { REPOSITORY } from './_nodes.ts'
import { LIFE_MS, newKey, noticeOf } from './_notices.ts'

/** An address of so many bytes. */
function long(bytes: number): Multiaddr {
  return multiaddr(`/dns4/${'a'.repeat(bytes - 5)}/tcp/1`)
}

/** A notice with some bytes written over. */
async function changed(offset: number, ...bytes: number[]): Promise<Uint8Array> {
  const notice = Uint8Array.from((await noticeOf()).bytes)
  notice.set(bytes, offset)
  return notice
}

describe('parseNotice', () => {
  it('reads what was signed', async () => {
    const key = await newKey()
    const { bytes } = await noticeOf({}, key)
    const notice = parseNotice(bytes)
    assert.ok(notice)
    assert.equal(notice.peer, peerIdFromPrivateKey(key).toString())
    assert.equal(notice.repository, REPOSITORY)
    assert.deepEqual([notice.issuedMs, notice.lifeMs], [TEST_NOW_MS, LIFE_MS])
    assert.equal(notice.donatedBytes, 5_000_000_000)
    assert.deepEqual([...notice.slices], [...sliceSet([0, 17, 4_095])])
    assert.deepEqual(notice.addresses.map(String), ['/ip4/192.0.2.7/tcp/4870'])
  })

  it('stands where the layout says', async () => {
    const key = await newKey()
    const { bytes } = await noticeOf({}, key)
    const hex = Buffer.from(bytes).toString('hex')
    const issued = TEST_NOW_MS.toString(16).padStart(16, '0')
    assert.equal(hex.slice(0, 2 + 64), `01${REPOSITORY}`)
    assert.equal(hex.slice(66, 130), Buffer.from(key.publicKey.raw).toString('hex'))
    assert.equal(hex.slice(130, 170), `${issued}00124f80000000012a05f200`)
    assert.equal(hex.slice(170, 176), '800040')
    assert.equal(hex.slice(2 * 597, -128), '010804c0000207061306')
    const x = Buffer.from(key.publicKey.raw).toString('base64url')
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    const signed = Buffer.concat([Buffer.from('jarswarm donor notice 1\0'), bytes.subarray(0, -64)])
    assert.equal(verify(null, signed, publicKey, bytes.subarray(-64)), true)
  })

  it('takes MAX_NOTICE_ADDRESSES, and no more', async () => {
    const addresses = new Array<Multiaddr>(MAX_NOTICE_ADDRESSES + 1).fill(long(9))
    assert.equal(parseNotice((await noticeOf({ addresses })).bytes), undefined)
    const { bytes } = await noticeOf({ addresses: addresses.slice(1) })
    assert.equal(parseNotice(bytes)?.addresses.length, MAX_NOTICE_ADDRESSES)
  })

  it('takes MAX_NOTICE_BYTES, and no more', async () => {
    const { bytes } = await noticeOf({ addresses: [long(90), long(90), long(178)] })
    assert.equal(bytes.length, MAX_NOTICE_BYTES)
    assert.equal(parseNotice(bytes)?.addresses.length, 3)
    const longer = await noticeOf({ addresses: [long(90), long(90), long(179)] })
    assert.equal(parseNotice(longer.bytes), undefined)
  })

  it('takes a life of MAX_NOTICE_LIFE_MS, and no longer one', async () => {
    assert.ok(parseNotice((await noticeOf({ lifeMs: MAX_NOTICE_LIFE_MS })).bytes))
    for (const lifeMs of [0, MAX_NOTICE_LIFE_MS + 1]) {
      assert.equal(parseNotice((await noticeOf({ lifeMs })).bytes), undefined)
    }
  })

  it('refuses another version, numbers that cannot be, and slices without space', async () => {
    for (const [offset, ...bytes] of [
      [0, 2],
      [65, 255],
      [77, 255],
      [77, 0, 0, 0, 0, 0, 0, 0, 0],
    ] as const) {
      assert.equal(parseNotice(await changed(offset, ...bytes)), undefined, String(offset))
    }
    const none = await noticeOf({ donatedBytes: 0, slices: sliceSet([]) })
    assert.equal(parseNotice(none.bytes)?.donatedBytes, 0)
  })

  it('refuses every other length', async () => {
    const { bytes } = await noticeOf()
    for (let length = 0; length < bytes.length; length += 1) {
      assert.equal(parseNotice(bytes.subarray(0, length)), undefined)
    }
    assert.equal(parseNotice(Buffer.concat([bytes, Buffer.of(0)])), undefined)
  })
})

describe('verifyNotice', () => {
  it('takes what the donor signed', async () => {
    const parsed = parseNotice((await noticeOf()).bytes)
    assert.ok(parsed)
    assert.equal((await verifyNotice(parsed)).verified, true)
  })

  it('refuses a notice with any bit changed', async () => {
    const { bytes } = await noticeOf()
    const anyBit = fc.integer({ min: 0, max: bytes.length * 8 - 1 })
    await fc.assert(
      fc.asyncProperty(anyBit, async (bit) => {
        const forged = Uint8Array.from(bytes)
        forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const parsed = parseNotice(forged)
        if (parsed !== undefined)
          await assert.rejects(verifyNotice(parsed), { code: 'ERR_PROTOCOL' })
      }),
    )
  })

  it('refuses the signature of another donor, and a key that is none', async () => {
    const one = await noticeOf()
    const other = await noticeOf()
    const mixed = Buffer.concat([one.bytes.subarray(0, -64), other.bytes.subarray(-64)])
    for (const bytes of [mixed, await changed(33, ...new Array<number>(32).fill(0xff))]) {
      const parsed = parseNotice(bytes)
      assert.ok(parsed)
      await assert.rejects(verifyNotice(parsed), { code: 'ERR_PROTOCOL' })
    }
  })
})

describe('parseAddresses', () => {
  const listed = (...addresses: readonly Uint8Array[]): Uint8Array =>
    Buffer.concat([
      Buffer.of(addresses.length),
      ...addresses.flatMap((bytes) => [Buffer.of(bytes.length), bytes]),
    ])
  const texts = (...addresses: readonly string[]): Uint8Array =>
    listed(...addresses.map((text) => multiaddr(text).bytes))

  it('reads hosts with ports', () => {
    for (const text of ['/ip4/192.0.2.1/tcp/1', '/ip6/2001:db8::1/tcp/1', '/dns4/a.test/tcp/1']) {
      assert.deepEqual(parseAddresses(texts(text))?.map(String), [text])
    }
    assert.deepEqual(parseAddresses(listed()), [])
  })

  it('refuses all other addresses', () => {
    const peer = '/p2p/12D3KooWHdiAxVd8uMQR1hGWXccidmfCwLqcMpGwR6QcTP6QRMuD'
    for (const text of [
      '/ip4/192.0.2.1',
      '/ip4/192.0.2.1/udp/1',
      `/ip4/192.0.2.1/tcp/1${peer}`,
      `/ip4/192.0.2.1/tcp/1${peer}/p2p-circuit`,
      '/ip4/192.0.2.1/tcp/1/ws',
      '/dnsaddr/a.test/tcp/1',
    ]) {
      assert.equal(parseAddresses(texts(text)), undefined, text)
    }
  })

  it('refuses bytes that are no address, or not its usual form', () => {
    for (const hex of ['', '00', '04', '04c00002', '8400c0000207060001', '3602fffe060001']) {
      assert.equal(parseAddresses(listed(Buffer.from(hex, 'hex'))), undefined, hex)
    }
    assert.equal(parseAddresses(new Uint8Array(0)), undefined)
    assert.equal(parseAddresses(Buffer.of(1, 200, 4)), undefined)
  })
})

describe('noticeAddresses', () => {
  const OWN = [
    '/ip4/127.0.0.1/tcp/1',
    '/ip4/192.168.1.7/tcp/1',
    '/ip4/192.0.2.1/tcp/1/p2p-circuit',
    '/ip4/8.8.8.8/tcp/1',
    '/dns4/a.test/tcp/1',
  ].map((text) => multiaddr(text))

  it('gives none of the local network away on a public one', () => {
    const found = noticeAddresses(OWN, 'public').map(String)
    assert.deepEqual(found, ['/ip4/8.8.8.8/tcp/1', '/dns4/a.test/tcp/1'])
  })

  it('has none that is so long that four of them would not fit', async () => {
    const addresses = noticeAddresses([long(90), long(89), ...OWN], 'private')
    assert.deepEqual(addresses.filter(({ bytes }) => bytes.length > 80).map(String), [
      String(long(89)),
    ])
    const longest = new Array<Multiaddr>(MAX_NOTICE_ADDRESSES).fill(long(89))
    assert.ok(parseNotice((await noticeOf({ addresses: longest })).bytes))
  })

  it('has loopback last, and each once', () => {
    const found = noticeAddresses([...OWN, ...OWN], 'private').map(String)
    assert.deepEqual(found.slice(2), ['/ip4/192.168.1.7/tcp/1', '/ip4/127.0.0.1/tcp/1'])
    assert.equal(found.length, 4)
  })
})
