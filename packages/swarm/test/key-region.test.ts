import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sha256 } from '@jarswarm/manifest'
import fc from 'fast-check'
import { commonBits, regionBits } from '../src/dht/key-region.ts'

const place = (text: string): string => sha256(Buffer.from(text))
const distance = (one: string, other: string): bigint => BigInt(`0x${one}`) ^ BigInt(`0x${other}`)

/** The servers closest to a key, as a walk through the whole DHT finds them. */
function closest(servers: readonly string[], key: string, count: number): string[] {
  return servers
    .toSorted((one, other) => (distance(one, key) < distance(other, key) ? -1 : 1))
    .slice(0, count)
}

describe('commonBits', () => {
  it('counts the bits before the first that differs', () => {
    fc.assert(
      fc.property(fc.nat(255), (bit) => {
        const other = BigInt(`0x${place('a')}`) ^ (1n << BigInt(255 - bit))
        assert.equal(commonBits(place('a'), other.toString(16).padStart(64, '0')), bit)
      }),
    )
    assert.equal(commonBits(place('a'), place('a')), 256)
  })
})

describe('regionBits', () => {
  it('leaves the servers that are nearest to a near key among those of the first', () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 400 }), fc.nat(), (count, seed) => {
        const name = (what: string, at: number): string => place(`${String(seed)} ${what} ${at}`)
        const servers = Array.from({ length: count }, (_, at) => name('server', at))
        const key = name('key', 0)
        const known = closest(servers, key, 20)
        const bits = regionBits(key, known, { areAll: false })
        const near = Array.from({ length: 300 }, (_, at) => name('key', at + 1)).filter(
          (other) => commonBits(other, key) >= bits,
        )
        for (const other of near) {
          const inRegion = servers.filter((server) => commonBits(server, key) >= bits)
          for (const server of inRegion) assert.ok(known.includes(server))
          // Whoever looks for the record asks these first.
          assert.deepEqual(new Set(closest(servers, other, inRegion.length)), new Set(inRegion))
        }
      }),
      { numRuns: 50 },
    )
  })

  it('is everything when these are all servers, and nothing when nobody was found', () => {
    assert.equal(regionBits(place('a'), [place('b'), place('c')], { areAll: true }), 0)
    // A walk that found nobody says nothing of other keys.
    assert.ok(regionBits(place('a'), [], { areAll: false }) > 256)
  })
})
