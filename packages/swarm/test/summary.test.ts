import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Claims, claimOf } from '../src/holdings/claims.ts'
import { formatHello, parseHello } from '../src/holdings/hello.ts'
import { formatSummary, parseSummary } from '../src/holdings/summary.ts'
import { MAX_CLAIMS, MAX_REPOSITORIES } from '../src/limits.ts'

const claims = fc
  .uniqueArray(fc.integer({ min: 0, max: 0xffff_ffff }), { maxLength: 200 })
  .map((all) => new Uint32Array(all).sort())
const summaries = fc.record(
  {
    reset: fc.boolean(),
    completeToSeq: fc.option(fc.maxSafeNat(), { nil: undefined }),
    added: claims,
    removed: claims,
  },
  { noNullPrototype: true },
)

describe('parseSummary', () => {
  it('reads what formatSummary wrote', () => {
    fc.assert(
      fc.property(summaries, (summary) => {
        assert.deepEqual(parseSummary(formatSummary(summary)), summary)
      }),
    )
  })

  it('refuses what is cut or longer', () => {
    fc.assert(
      fc.property(summaries, fc.nat(), (summary, at) => {
        const bytes = formatSummary(summary)
        assert.equal(parseSummary(bytes.subarray(0, at % bytes.length)), undefined)
        assert.equal(parseSummary(Buffer.concat([bytes, Buffer.from([1])])), undefined)
      }),
    )
  })

  it('never throws on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        parseSummary(bytes)
        parseHello(bytes)
      }),
    )
  })

  it('refuses more than MAX_CLAIMS before it reads them', () => {
    const bytes = new Uint8Array(17 + MAX_CLAIMS + 1).fill(1)
    new DataView(bytes.buffer).setUint32(9, MAX_CLAIMS + 1)
    new DataView(bytes.buffer).setUint32(13, 0)
    assert.equal(parseSummary(bytes), undefined)
  })

  it('refuses claims that do not ascend or leave 32 bits', () => {
    const two = formatSummary({
      reset: true,
      completeToSeq: undefined,
      added: new Uint32Array([5, 6]),
      removed: new Uint32Array(0),
    })
    const repeated = Buffer.from(two)
    repeated[18] = 0
    assert.equal(parseSummary(repeated), undefined)
    const far = Buffer.concat([two.subarray(0, 17), Buffer.from([5, 0xff, 0xff, 0xff, 0xff, 0x0f])])
    assert.equal(parseSummary(far), undefined)
  })

  it('costs about three bytes a blob', () => {
    const added = new Uint32Array(MAX_CLAIMS).map((_, at) => at * 32_000 + 7)
    const bytes = formatSummary({
      reset: true,
      completeToSeq: undefined,
      added,
      removed: new Uint32Array(0),
    })
    assert.equal(bytes.length < MAX_CLAIMS * 3 + 64, true)
  })
})

describe('parseHello', () => {
  it('reads what formatHello wrote', () => {
    const hello = { bootstrap: true, repositories: ['01'.repeat(32), 'fe'.repeat(32)] }
    assert.deepEqual(parseHello(formatHello(hello)), hello)
  })

  it('refuses more than MAX_REPOSITORIES and a wrong length', () => {
    const most = Array.from({ length: MAX_REPOSITORIES }, () => 'ab'.repeat(32))
    const largest = formatHello({ bootstrap: false, repositories: most })
    assert.equal(parseHello(largest)?.repositories.length, MAX_REPOSITORIES)
    const bytes = new Uint8Array(2 + (MAX_REPOSITORIES + 1) * 32)
    bytes[1] = MAX_REPOSITORIES + 1
    assert.equal(parseHello(bytes), undefined)
    assert.equal(parseHello(Buffer.from([0, 1])), undefined)
    assert.equal(parseHello(Buffer.from([0, 0, 0])), undefined)
  })
})

describe('Claims', () => {
  it('is the set that the changes make', () => {
    fc.assert(
      fc.property(claims, claims, claims, (first, added, removed) => {
        const held = new Claims()
        held.apply({ added: first, removed: new Uint32Array(0) })
        held.apply({ added, removed })
        const wanted = new Set([...first, ...added])
        for (const claim of removed) wanted.delete(claim)
        assert.equal(held.size, wanted.size)
        for (const claim of [...first, ...added, ...removed]) {
          assert.equal(held.has(claim), wanted.has(claim))
        }
      }),
    )
  })

  it('holds no more than MAX_CLAIMS', () => {
    const held = new Claims()
    const added = new Uint32Array(MAX_CLAIMS).map((_, at) => at)
    held.apply({ added, removed: new Uint32Array(0) })
    held.apply({ added: added.map((at) => at + MAX_CLAIMS), removed: new Uint32Array(0) })
    assert.equal(held.size, MAX_CLAIMS)
  })

  it('claims everything when complete', () => {
    const held = new Claims()
    held.completeToSeq = 7
    assert.equal(held.has(claimOf('deadbeef')), true)
  })
})
