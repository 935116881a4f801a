import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  formatHead,
  formatPieceList,
  InvalidHeadError,
  InvalidPieceListError,
  MAX_ARTIFACT_BYTES,
  MAX_OBJECT_BYTES,
  parseHead,
  parsePieceList,
  PIECE_BYTES,
  sha256,
  splitPieces,
} from '../src/index.ts'
import type { Head } from '../src/index.ts'

const digest = (text: string): string => sha256(Buffer.from(text))
const digests = fc.nat().map((seed) => digest(String(seed)))
const counts = fc.maxSafeNat()

const heads: fc.Arbitrary<Head> = fc
  .tuple(
    fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }),
    fc.tuple(digests, counts, counts, counts),
    fc.tuple(digests, counts),
    fc.option(fc.tuple(digests, counts, digests)),
    digests,
    fc.option(fc.webUrl()),
    fc.option(fc.tuple(fc.integer({ min: 1 }), digests)),
  )
  .map(([seq, date, [root, a, b, bytes], [historyRoot, size], pack, previous, observed, list]) => ({
    seq,
    issued: `${date.toISOString().slice(0, 19)}Z`,
    index: {
      root,
      directories: Math.min(a, b),
      files: Math.min(a, b) === 0 ? 0 : Math.max(a, b),
      bytes,
    },
    history: { root: historyRoot, size },
    previous: seq === 1 ? null : previous,
    observed,
    pack: pack && { digest: pack[0], sizeBytes: pack[1], root: pack[2] },
    withdrawn: list && { count: list[0], digest: list[1] },
  }))

const EXAMPLE: Head = {
  seq: 2,
  issued: '2026-11-22T20:18:56Z',
  index: { root: digest('root'), directories: 1, files: 2, bytes: 20 },
  history: { size: 2, root: digest('history') },
  previous: digest('previous'),
  observed: 'https://repo.example/maven',
  pack: { digest: digest('pack'), sizeBytes: 7, root: digest('root') },
  withdrawn: { count: 1, digest: digest('withdrawn') },
}
const TEXT = Buffer.from(formatHead(EXAMPLE)).toString()

describe('parseHead', () => {
  it('reads back what formatHead writes', () => {
    fc.assert(
      fc.property(heads, (head) => {
        assert.deepEqual(parseHead(formatHead(head)), head)
      }),
    )
  })
  it('sorts keys and leaves no space', () => {
    assert.equal(
      TEXT,
      `{"format":"jarswarm head 1","history":{"root":"${EXAMPLE.history.root}","size":2},` +
        `"index":{"bytes":20,"directories":1,"files":2,"root":"${digest('root')}"},` +
        `"issued":"2026-11-22T20:18:56Z",` +
        `"observed":"https://repo.example/maven",` +
        `"pack":{"bytes":7,"root":"${digest('root')}","sha256":"${digest('pack')}"},` +
        `"previous":"${digest('previous')}","seq":2,` +
        `"withdrawn":{"count":1,"sha256":"${digest('withdrawn')}"}}`,
    )
  })
  it('takes changed bytes only as the head that they spell, and throws nothing but its own error', () => {
    const changed = fc
      .tuple(fc.nat(TEXT.length - 1), fc.nat(255), fc.nat(2))
      .map(([at, byte, how]) => {
        const bytes = Buffer.from(TEXT)
        const middle = how === 1 ? Buffer.alloc(0) : Buffer.of(byte)
        return Buffer.concat([
          bytes.subarray(0, at),
          middle,
          bytes.subarray(how === 2 ? at : at + 1),
        ])
      })
    const junk = fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => Buffer.from(text)),
    )
    fc.assert(
      fc.property(fc.oneof(changed, junk), (bytes) => {
        try {
          assert.deepEqual(Buffer.from(formatHead(parseHead(bytes))), Buffer.from(bytes))
        } catch (error) {
          assert.ok(error instanceof InvalidHeadError)
        }
      }),
      { numRuns: 500 },
    )
  })
  const refused: Record<string, string> = {
    'another format': TEXT.replace('head 1', 'head 2'),
    'white space': `${TEXT}\n`,
    'an unknown key': TEXT.replace('"seq"', '"a":1,"seq"'),
    'a key twice': TEXT.replace('"seq":2', '"seq":2,"seq":2'),
    'an escape': TEXT.replace('"seq"', '"s\\u0065q"'),
    'a number in another spelling': TEXT.replace('"seq":2', '"seq":2.0'),
    'a sequence number of 0': TEXT.replace('"seq":2', '"seq":0'),
    'a number with a fraction': TEXT.replace('"bytes":20', '"bytes":20.5'),
    'a negative number': TEXT.replace('"bytes":20', '"bytes":-20'),
    'a number as text': TEXT.replace('"bytes":20', '"bytes":"20"'),
    'a digest that is none': TEXT.replace(digest('root'), 'abc'),
    'a pack digest that is none': TEXT.replace(digest('pack'), 'abc'),
    'a previous digest that is none': TEXT.replace(digest('previous'), 'abc'),
    'a pack of a negative size': TEXT.replace('"bytes":7', '"bytes":-7'),
    'a time that is a number': TEXT.replace('"2026-11-22T20:18:56Z"', '2026'),
    'a year of six digits': TEXT.replace('2026-11', '+012026-11'),
    'a time that does not exist': TEXT.replace('11-22', '02-30'),
    'a time with fractions': TEXT.replace('56Z', '56.000Z'),
    'no previous head above sequence 1': TEXT.replace(`"${digest('previous')}"`, 'null'),
    'a previous head at sequence 1': TEXT.replace('"seq":2', '"seq":1'),
    'an observed origin of another scheme': TEXT.replace('https:', 'ftp:'),
    'an observed origin with a query': TEXT.replace('/maven', '/maven?a'),
    'an observed origin with credentials': TEXT.replace('repo.example', 'me:secret@repo.example'),
    'an observed origin that is a number': TEXT.replace('"https://repo.example/maven"', '1'),
    'nothing said of who observed': TEXT.replace('"observed":"https://repo.example/maven",', ''),
    'an empty list of withdrawals': TEXT.replace('"count":1', '"count":0'),
    'a number of withdrawals that is none': TEXT.replace('"count":1', '"count":"1"'),
    'a list of withdrawals without digest': TEXT.replace(digest('withdrawn'), 'abc'),
    'nothing said of withdrawals': TEXT.replace(/,"withdrawn":.*\}\}$/, '}'),
    'fewer files than directories': TEXT.replace('"directories":1', '"directories":3'),
    'files without directories': TEXT.replace('"directories":1', '"directories":0'),
    'an array': '[]',
    'a missing part': TEXT.replace('"index"', '"indices"'),
    'bytes above ASCII': TEXT.replace('jarswarm', 'järswarm'),
    'more than 4 KiB': TEXT + ' '.repeat(4096),
  }
  for (const [what, text] of Object.entries(refused)) {
    it(`refuses ${what}`, () => {
      assert.notEqual(text, TEXT)
      assert.throws(() => parseHead(Buffer.from(text)), InvalidHeadError)
    })
  }
  it('reads the first one, which follows none', () => {
    const first = { ...EXAMPLE, seq: 1, previous: null }
    assert.deepEqual(parseHead(formatHead(first)), first)
  })
  it('is not written for what it would not read', () => {
    assert.throws(() => formatHead({ ...EXAMPLE, seq: 0 }), TypeError)
  })
})

describe('parsePieceList', () => {
  const lists = fc.array(digests, { minLength: 1, maxLength: 20 })

  it('reads back what formatPieceList writes, for the sizes that it fits', () => {
    fc.assert(
      fc.property(lists, (pieces) => {
        const bytes = formatPieceList(pieces)
        const most = pieces.length * PIECE_BYTES
        assert.deepEqual(parsePieceList(bytes, most), pieces)
        assert.deepEqual(parsePieceList(bytes, most - PIECE_BYTES + 1), pieces)
        assert.throws(() => parsePieceList(bytes, most + 1), InvalidPieceListError)
        assert.throws(() => parsePieceList(bytes, most - PIECE_BYTES), InvalidPieceListError)
      }),
    )
  })
  it('takes changed bytes only as the list that they spell', () => {
    const changed = fc.tuple(lists, fc.nat(), fc.nat(255)).map(([pieces, at, value]) => {
      const bytes = Buffer.from(formatPieceList(pieces))
      bytes[at % bytes.length] = value
      return { bytes, size: pieces.length * PIECE_BYTES }
    })
    fc.assert(
      fc.property(changed, ({ bytes, size }) => {
        try {
          assert.deepEqual(Buffer.from(formatPieceList(parsePieceList(bytes, size))), bytes)
        } catch (error) {
          assert.ok(error instanceof InvalidPieceListError)
        }
      }),
      { numRuns: 500 },
    )
  })
  it('fits an artifact of MAX_ARTIFACT_BYTES, and none larger, into one object', () => {
    const pieces = splitPieces(MAX_ARTIFACT_BYTES).map(() => digest('piece'))
    assert.ok(formatPieceList(pieces).length <= MAX_OBJECT_BYTES)
    assert.ok(formatPieceList([...pieces, digest('piece')]).length > MAX_OBJECT_BYTES)
  })
  it('is not written for digests that are none', () => {
    assert.throws(() => formatPieceList(['abc']), TypeError)
  })
})

describe('splitPieces', () => {
  it('covers every byte once, in order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5 * PIECE_BYTES }), (size) => {
        let offset = 0
        for (const piece of splitPieces(size)) {
          assert.equal(piece.offset, offset)
          assert.ok(piece.length > 0 && piece.length <= PIECE_BYTES)
          offset += piece.length
        }
        assert.equal(offset, size)
      }),
    )
  })
  it('refuses sizes that no artifact has', () => {
    for (const size of [-1, 0.5, MAX_ARTIFACT_BYTES + 1]) {
      assert.throws(() => splitPieces(size), RangeError)
    }
  })
})
