import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parsePath } from '@jarswarm/maven'
import fc from 'fast-check'
import {
  checkHistory,
  formatEntryBundle,
  formatHistoryLine,
  formatPack,
  InvalidHistoryError,
  InvalidPackError,
  MAX_OBJECT_BYTES,
  parseEntryBundle,
  parseHistoryLine,
  parsePack,
  parseTile,
  parseTilePath,
  sha256,
  tilePath,
} from '../src/index.ts'
import type { HistoryEvent, HistoryKind, IndexEntry } from '../src/index.ts'
import { entryOf } from './_entries.ts'

const events = fc.record(
  {
    seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    kind: fc.constantFrom<HistoryKind>('put', 'mut', 'del'),
    digest: fc.string().map((text) => sha256(Buffer.from(text))),
    sizeBytes: fc.nat(),
    path: fc.constantFrom('a', 'a/b', 'org/x/1~2+3/x-1~2+3.jar').map(parsePath),
    reason: fc.constantFrom(undefined, 'stolen key', 'x', 'a b c'),
  },
  { noNullPrototype: true },
)

/** Change one byte, drop one or add one. */
const mutated = (bytes: Uint8Array): fc.Arbitrary<Buffer> =>
  fc
    .tuple(fc.nat(Math.max(0, bytes.length - 1)), fc.nat(255), fc.constantFrom(0, 1, 2))
    .map(([at, byte, how]) => {
      const before = bytes.subarray(0, at)
      const after = bytes.subarray(how === 2 ? at : at + 1)
      return Buffer.concat([before, how === 1 ? Buffer.alloc(0) : Buffer.of(byte), after])
    })

describe('parseHistoryLine', () => {
  it('reads back what formatHistoryLine writes', () => {
    fc.assert(
      fc.property(events, (event) => {
        assert.deepEqual(parseHistoryLine(formatHistoryLine(event)), event)
      }),
    )
  })
  it('writes one known line', () => {
    const event: HistoryEvent = {
      seq: 7,
      kind: 'del',
      digest: sha256(Buffer.of()),
      sizeBytes: 0,
      path: parsePath('a/b'),
      reason: 'stolen key',
    }
    assert.equal(
      Buffer.from(formatHistoryLine(event)).toString(),
      '1 7 del e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 a/b stolen key',
    )
  })
  it('takes a changed line only as the event that it spells', () => {
    const changed = events.map(formatHistoryLine).chain(mutated)
    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array()), (bytes) => {
        try {
          assert.deepEqual(
            Buffer.from(formatHistoryLine(parseHistoryLine(bytes))),
            Buffer.from(bytes),
          )
        } catch (error) {
          assert.ok(error instanceof InvalidHistoryError)
        }
      }),
    )
  })
  const digest = sha256(Buffer.of())
  for (const [what, text] of Object.entries({
    'another version': `2 1 put ${digest} 0 a`,
    'a sequence number of 0': `1 0 put ${digest} 0 a`,
    'a sequence number above 2^53': `1 9999999999999999 put ${digest} 0 a`,
    'an unknown kind': `1 1 get ${digest} 0 a`,
    'a short digest': `1 1 put ${digest.slice(1)} 0 a`,
    'a size with a leading zero': `1 1 put ${digest} 00 a`,
    'a size above the largest artifact': `1 1 put ${digest} 9007199254740991 a`,
    'a path with dots': `1 1 put ${digest} 0 a/../b`,
    'two spaces before the reason': `1 1 put ${digest} 0 a  b`,
    'a space after the reason': `1 1 put ${digest} 0 a b `,
    'a reason that is too long': `1 1 put ${digest} 0 a ${'b'.repeat(201)}`,
    'a line end': `1 1 put ${digest} 0 a\n`,
    'a character that is not ASCII': `1 1 put ${digest} 0 a é`,
  })) {
    it(`refuses ${what}`, () => {
      assert.throws(() => parseHistoryLine(Buffer.from(text)), InvalidHistoryError)
    })
  }
  it('is not written for what it would not read', () => {
    const event = parseHistoryLine(Buffer.from(`1 1 put ${digest} 0 a`))
    assert.throws(() => formatHistoryLine({ ...event, reason: 'two\nlines' }), TypeError)
    assert.throws(() => formatHistoryLine({ ...event, seq: 0 }), TypeError)
  })
})

describe('tilePath', () => {
  it('is that of tlog-tiles', () => {
    assert.equal(tilePath(0, 0, 256), 'tile/0/000')
    assert.equal(tilePath(1, 1_234_067, 256), 'tile/1/x001/x234/067')
    assert.equal(tilePath('entries', 1234, 17), 'tile/entries/x001/234.p/17')
  })
  it('is read back by parseTilePath', () => {
    const tiles = fc.record(
      {
        level: fc.oneof(fc.constant<'entries'>('entries'), fc.integer({ min: 0, max: 6 })),
        index: fc.nat(),
        width: fc.integer({ min: 1, max: 256 }),
      },
      { noNullPrototype: true },
    )
    fc.assert(
      fc.property(tiles, (tile) => {
        assert.deepEqual(parseTilePath(tilePath(tile.level, tile.index, tile.width)), tile)
      }),
    )
  })
  for (const text of [
    'tile/7/000',
    'tile/0/000.p/256',
    'tile/0/000.p/300',
    'tile/0/000.p/0',
    'tile/0/x000/001',
    'tile/0/0',
    'tile/0/../000',
    'tile/x/000',
    'tile/0/000\n',
    '',
    `tile/0/${'x999/'.repeat(6)}999`,
  ]) {
    it(`is not ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseTilePath(text), InvalidHistoryError)
    })
  }
})

describe('parseTile', () => {
  it('refuses another width', () => {
    assert.throws(() => parseTile(new Uint8Array(64), 1), InvalidHistoryError)
  })
})

describe('parseEntryBundle', () => {
  const bundles = fc.array(fc.uint8Array({ maxLength: 400 }), { minLength: 1, maxLength: 256 })

  it('reads back what formatEntryBundle writes', () => {
    fc.assert(
      fc.property(bundles, (lines) => {
        const bytes = formatEntryBundle(lines)
        const read = parseEntryBundle(bytes).map((line) => Uint8Array.from(line))
        assert.deepEqual(read, lines)
        assert.equal(parseEntryBundle(bytes, lines.length).length, lines.length)
        assert.throws(() => parseEntryBundle(bytes, lines.length + 1), InvalidHistoryError)
        assert.throws(() => parseEntryBundle(bytes, lines.length - 1), InvalidHistoryError)
        assert.throws(() => parseEntryBundle(bytes.subarray(0, -1)), InvalidHistoryError)
      }),
    )
  })
  it('refuses none and more than 256 lines', () => {
    assert.throws(() => parseEntryBundle(new Uint8Array()), InvalidHistoryError)
    assert.throws(() => parseEntryBundle(new Uint8Array(2 * 257)), InvalidHistoryError)
    assert.throws(() => formatEntryBundle([]), RangeError)
    assert.throws(
      () => formatEntryBundle(Array.from({ length: 257 }, () => new Uint8Array())),
      RangeError,
    )
    const short = Array.from({ length: 255 }, () => new Uint8Array())
    const longest = [...short, new Uint8Array(65_535)]
    assert.equal(parseEntryBundle(formatEntryBundle(longest)).at(-1)?.length, 65_535)
    assert.throws(() => formatEntryBundle([...short, new Uint8Array(65_536)]), RangeError)
  })
})

describe('parsePack', () => {
  const packs = fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }))

  const readPack = async (chunks: Iterable<Uint8Array>): Promise<Uint8Array[]> => {
    const objects: Uint8Array[] = []
    for await (const object of parsePack(chunks)) objects.push(object)
    return objects
  }

  /** The same bytes in pieces of one length, which end anywhere. */
  const cut = (bytes: Uint8Array, length: number): Uint8Array[] =>
    Array.from({ length: Math.ceil(bytes.length / length) }, (_, at) =>
      bytes.subarray(at * length, (at + 1) * length),
    )

  it('reads back what formatPack writes, however it comes', async () => {
    await fc.assert(
      fc.asyncProperty(packs, fc.integer({ min: 1, max: 99 }), async (objects, length) => {
        const read = await readPack(cut(formatPack(objects), length))
        assert.deepEqual(
          read.map((object) => Uint8Array.from(object)),
          objects,
        )
      }),
    )
  })
  it('takes changed bytes only as the objects that they spell', async () => {
    const changed = fc.oneof(packs.map(formatPack).chain(mutated), fc.uint8Array())
    await fc.assert(
      fc.asyncProperty(changed, async (bytes) => {
        try {
          const objects = await readPack([bytes])
          assert.deepEqual(Buffer.from(formatPack(objects)), Buffer.from(bytes))
        } catch (error) {
          assert.ok(error instanceof InvalidPackError)
        }
      }),
    )
  })
  const header = Buffer.from('jarswarm pack 1\n')
  for (const [what, bytes] of Object.entries({
    'no header': Buffer.from('jarswarm pack 2\n'),
    'an end inside the header': Buffer.from('jarswarm'),
    'an end inside a length': Buffer.concat([header, Buffer.of(0, 0, 0)]),
    'an end inside an object': Buffer.concat([header, Buffer.of(0, 0, 0, 2, 1)]),
    'an empty object': Buffer.concat([header, Buffer.of(0, 0, 0, 0)]),
    'an object above 1 MiB': Buffer.concat([
      header,
      Buffer.of(0, 16, 0, 1),
      new Uint8Array(MAX_OBJECT_BYTES + 1),
    ]),
  })) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(readPack([bytes]), InvalidPackError)
      await assert.rejects(readPack(cut(bytes, 5_000)), InvalidPackError)
    })
  }
  it('is not written for what it would not read', () => {
    assert.throws(() => formatPack([new Uint8Array()]), RangeError)
    assert.throws(() => formatPack([new Uint8Array(MAX_OBJECT_BYTES + 1)]), RangeError)
  })
})

describe('checkHistory', () => {
  const jar = entryOf('g/a/1/a-1.jar')
  const meta = entryOf('g/a/maven-metadata.xml')
  const event = (
    kind: HistoryKind,
    { path, digest, sizeBytes }: IndexEntry,
    seq = 1,
  ): HistoryEvent => ({ seq, kind, digest, sizeBytes, path })
  const other = entryOf('g/a/1/a-1.jar', 'other')
  const cases: Record<string, [HistoryEvent[], IndexEntry[], string | undefined]> = {
    'an index that is the fold': [
      [event('put', jar), event('mut', meta), event('mut', meta)],
      [jar, meta],
      undefined,
    ],
    'a release that comes back as it was': [
      [event('put', jar), event('del', jar), event('put', jar)],
      [jar],
      undefined,
    ],
    'a falling sequence number': [
      [event('put', jar, 2), event('mut', meta, 1)],
      [jar, meta],
      'sequence number falls',
    ],
    'a second digest': [
      [event('put', jar), event('del', jar), event('put', other)],
      [other],
      'release has a second digest',
    ],
    'a release put twice': [[event('put', jar), event('put', jar)], [jar], 'release was put twice'],
    'a release that claims to be mutable': [
      [event('mut', jar)],
      [jar],
      'kind does not fit the path',
    ],
    'a removal of nothing': [[event('del', jar)], [], 'removed without being there'],
    'a file that only the index has': [[], [jar], 'only in the index'],
    'a file that is removed but in the index': [
      [event('put', jar), event('del', jar)],
      [jar],
      'only in the index',
    ],
    'a file that only the history has': [[event('put', jar)], [], 'only in the history'],
    'other bytes in the index': [[event('put', jar)], [other], 'other bytes in the index'],
  }
  for (const [what, [history, index, reason]] of Object.entries(cases)) {
    it(`${reason === undefined ? 'takes' : 'finds'} ${what}`, async () => {
      const found: (string | undefined)[] = []
      for await (const mismatch of checkHistory(history, index)) found.push(mismatch.reason)
      assert.deepEqual(found, reason === undefined ? [] : [reason])
    })
  }
})
