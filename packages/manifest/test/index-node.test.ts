import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  buildIndex,
  childrenOf,
  EMPTY_INDEX,
  InvalidIndexEntryError,
  InvalidIndexNodeError,
  MAX_ARTIFACT_BYTES,
  MAX_LEAF_BYTES,
  MAX_LEAF_DIRECTORIES,
  MAX_MTIME_SECONDS,
  parseIndexNode,
  sha256,
} from '../src/index.ts'
import type { IndexEntry } from '../src/index.ts'
import { anyEntries, entryOf, manyEntries, MemoryObjects } from './_entries.ts'

const D = 'd'.repeat(64)
const S = 'a'.repeat(40)
const leaf = (...lines: string[]): Buffer =>
  Buffer.from(['jarswarm leaf 1', ...lines, ''].join('\n'))
const branch = (...lines: string[]): Buffer =>
  Buffer.from(['jarswarm branch 1', ...lines, ''].join('\n'))
const file = (name: string, size = 1): string => `${D} ${S} ${size} 0 - ${name}`

/** The worked example of docs/design.md, section 1. */
const EXAMPLE: IndexEntry[] = [
  {
    ...entryOf('org/example/hello/1.0/hello-1.0.jar'),
    digest: sha256(Buffer.from('hello jar\n')),
    sha1: '7825b034f7bcd44dbb9c5c213e5bd2e339f2e52c',
    sizeBytes: 10,
    mtimeSeconds: 1_700_000_000,
    pieceList: undefined,
  },
  {
    ...entryOf('org/example/hello/1.0/hello-1.0.pom'),
    digest: sha256(Buffer.from('hello pom\n')),
    sha1: '5f593133de01ca08a474717ba507476122a497e1',
    sizeBytes: 10,
    mtimeSeconds: 1_700_000_000,
    pieceList: undefined,
  },
]

describe('parseIndexNode', () => {
  it('reads a leaf', () => {
    const node = parseIndexNode(leaf('/', file('top'), '/a/b', file('x', 2), file('y', 3)))
    assert.ok(node.kind === 'leaf')
    assert.deepEqual([node.directories, node.files, node.bytes], [2, 3, 6])
    assert.deepEqual(
      node.contents.flatMap(({ entries }) => entries.map(({ path }) => path)),
      ['top', 'a/b/x', 'a/b/y'],
    )
  })
  it('reads a branch', () => {
    const node = parseIndexNode(branch(`0 ${D} 1 2 3`, `f ${D} 40 50 60`))
    assert.ok(node.kind === 'branch')
    assert.deepEqual([node.directories, node.files, node.bytes], [41, 52, 63])
  })
  it('writes what it reads', () => {
    fc.assert(
      fc.property(anyEntries, (entries) => {
        const objects = new MemoryObjects()
        objects.build(entries)
        for (const bytes of objects.objects.values()) {
          const node = parseIndexNode(bytes)
          if (node.kind === 'branch') continue
          const again = new MemoryObjects()
          const { root } = again.build(node.contents.flatMap((directory) => directory.entries))
          assert.equal(root, sha256(bytes))
        }
      }),
      { numRuns: 40 },
    )
  })
  it('throws nothing but its own error', () => {
    const valid = new MemoryObjects()
    valid.build(manyEntries(60))
    const nodes = [...valid.objects.values()]
    const changed = fc
      .tuple(fc.constantFrom(...nodes), fc.nat(), fc.nat(255))
      .map(([bytes, at, value]) =>
        Buffer.from(bytes).fill(value, at % bytes.length, (at % bytes.length) + 1),
      )
    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array()), (bytes) => {
        try {
          parseIndexNode(bytes)
        } catch (error) {
          assert.ok(error instanceof InvalidIndexNodeError)
        }
      }),
      { numRuns: 500 },
    )
  })

  const key = sha256(Buffer.from('a'))
  it('takes a directory only below its prefix', () => {
    const bytes = leaf('/a', file('x'))
    parseIndexNode(bytes, key.slice(0, 5))
    const wrong = key.startsWith('0') ? '1' : '0'
    assert.throws(() => parseIndexNode(bytes, wrong), InvalidIndexNodeError)
  })
  it('takes an empty leaf only as the root', () => {
    assert.equal(parseIndexNode(EMPTY_INDEX.node.bytes).files, 0)
    assert.throws(() => parseIndexNode(EMPTY_INDEX.node.bytes, '0'), InvalidIndexNodeError)
  })
  it('takes no branch where keys end', () => {
    assert.throws(() => parseIndexNode(branch(`0 ${D} 2 2 2`), key), InvalidIndexNodeError)
  })

  const dirs = (count: number, name: string): string[] =>
    Array.from({ length: count }, (_, index) => [`/d${index + 1000}`, file(name)]).flat()
  const long = Array.from({ length: 51 }, (_, index) => file(`f${index + 10_000}`))
  it('takes a leaf of MAX_LEAF_BYTES, and one directory of any size', () => {
    const some = (last: string): Buffer =>
      leaf('/a', file('x'), '/b', ...long.slice(0, 48), file(last))
    const missing = MAX_LEAF_BYTES - some('').length
    const largest = some('z'.repeat(missing))
    assert.equal(largest.length, MAX_LEAF_BYTES)
    assert.equal(parseIndexNode(largest).kind, 'leaf')
    assert.throws(() => parseIndexNode(some('z'.repeat(missing + 1))), InvalidIndexNodeError)
    const one = leaf('/b', ...long, file('y'), file('z'))
    assert.ok(one.length > MAX_LEAF_BYTES)
    assert.equal(parseIndexNode(one).kind, 'leaf')
  })

  const refused: Record<string, Buffer> = {
    'an unknown header': Buffer.from('jarswarm leaf 2\n'),
    'a branch with an unknown header': Buffer.from(
      `jarswarm branch 2\n0 ${D} 1 1 1\n1 ${D} 1 1 1\n`,
    ),
    'no last line end': Buffer.from('jarswarm leaf 1'),
    'a carriage return': leaf('/a\r', file('x')),
    'a byte above ASCII': leaf('/a', file('é')),
    'a file before a directory': leaf(file('x')),
    'a directory without files': leaf('/a', '/b', file('x')),
    'a last directory without files': leaf('/a', file('x'), '/b'),
    'directories out of order': leaf('/b', file('x'), '/a', file('x')),
    'a directory twice': leaf('/a', file('x'), '/a', file('y')),
    'files out of order': leaf('/a', file('y'), file('x')),
    'a file twice': leaf('/a', file('x'), file('x')),
    'a directory with dots': leaf('/a/..', file('x')),
    'a directory with a slash at its end': leaf('/a/', file('x')),
    'a reserved directory': leaf('/.jarswarm', file('x')),
    'a file name with a slash': leaf('/a', file('x/y')),
    'a file name with a space': leaf('/a', file('x y')),
    'an empty line': leaf('/a', file('x'), ''),
    'a digest in capitals': leaf('/a', file('x').replaceAll('d', 'D')),
    'a size with a leading zero': leaf('/a', `${D} ${S} 01 0 - x`),
    'a size with a sign': leaf('/a', `${D} ${S} +1 0 - x`),
    'a piece list of a small file': leaf('/a', `${D} ${S} 262144 0 ${D} x`),
    'no piece list of a large file': leaf('/a', `${D} ${S} 262145 0 - x`),
    'several directories above 6 KiB': leaf('/a', file('x'), '/b', ...long),
    'more than 1 MiB': leaf(
      '/b',
      ...Array.from({ length: 9000 }, (_, index) => file(`f${index + 10_000}`)),
    ),
    'a branch without children': branch(),
    'a branch of one directory': branch(`0 ${D} 1 1 1`),
    'children out of order': branch(`1 ${D} 40 40 1`, `0 ${D} 40 40 1`),
    'a child twice': branch(`1 ${D} 40 40 1`, `1 ${D} 40 40 1`),
    'a child without directories': branch(`0 ${D} 0 0 0`, `1 ${D} 40 40 1`),
    'a child with fewer files than directories': branch(`1 ${D} 40 39 1`),
    'a child in capitals': branch(`A ${D} 40 40 1`),
    'a child with a leading zero': branch(`1 ${D} 040 40 1`),
    'a child with totals above 2^53': branch(`1 ${D} 40 40 9999999999999999`),
    'a sum above 2^53': branch(`1 ${D} 40 40 9007199254740991`, `2 ${D} 40 40 1`),
  }
  for (const [what, bytes] of Object.entries(refused)) {
    it(`refuses ${what}`, () => {
      assert.throws(() => parseIndexNode(bytes), InvalidIndexNodeError)
    })
  }
  it('takes a leaf of MAX_LEAF_DIRECTORIES, and none of more', () => {
    const of = (count: number) => parseIndexNode(leaf(...dirs(count, 'x')))
    assert.equal(of(MAX_LEAF_DIRECTORIES).directories, MAX_LEAF_DIRECTORIES)
    assert.throws(() => of(MAX_LEAF_DIRECTORIES + 1), InvalidIndexNodeError)
  })
  it('takes a file of MAX_ARTIFACT_BYTES, and none larger', () => {
    const of = (bytes: number) => parseIndexNode(leaf('/a', `${D} ${S} ${bytes} 0 ${D} x`))
    assert.equal(of(MAX_ARTIFACT_BYTES).bytes, MAX_ARTIFACT_BYTES)
    assert.throws(() => of(MAX_ARTIFACT_BYTES + 1), InvalidIndexNodeError)
  })
  it('takes a file of MAX_MTIME_SECONDS, the end of the year 9999, and none that is later', () => {
    const at = (seconds: number) => parseIndexNode(leaf('/a', `${D} ${S} 1 ${seconds} - x`))
    assert.equal(at(MAX_MTIME_SECONDS).files, 1)
    assert.equal(new Date(MAX_MTIME_SECONDS * 1_000).toISOString(), '9999-12-31T23:59:59.000Z')
    assert.throws(() => at(MAX_MTIME_SECONDS + 1), InvalidIndexNodeError)
  })
})

describe('childrenOf', () => {
  it('names the nodes below a branch and the piece lists of a leaf', () => {
    assert.deepEqual(childrenOf(branch(`0 ${D} 1 2 3`, `f ${S}${'b'.repeat(24)} 40 50 60`)), [
      D,
      `${S}${'b'.repeat(24)}`,
    ])
    assert.deepEqual(childrenOf(leaf('/a', file('x'), `${D} ${S} 262145 0 ${D} y`)), [D])
  })
})

describe('buildIndex', () => {
  it('makes the bytes of the worked example', () => {
    const objects = new MemoryObjects()
    const { root } = objects.build(EXAMPLE)
    assert.equal(
      Buffer.from(objects.objects.get(root) ?? []).toString(),
      [
        'jarswarm leaf 1',
        '/org/example/hello/1.0',
        `${EXAMPLE[0]?.digest} ${EXAMPLE[0]?.sha1} 10 1700000000 - hello-1.0.jar`,
        `${EXAMPLE[1]?.digest} ${EXAMPLE[1]?.sha1} 10 1700000000 - hello-1.0.pom`,
        '',
      ].join('\n'),
    )
    assert.equal(root, '354c72512f42e5a51d69083d6ea1a883b021494991ebd927ec3a0b7814a49792')
  })
  it('makes the empty index of nothing', () => {
    const objects = new MemoryObjects()
    assert.deepEqual(objects.build([]), EMPTY_INDEX.totals)
    assert.deepEqual([...objects.objects.keys()], [EMPTY_INDEX.node.digest])
    assert.equal(sha256(EMPTY_INDEX.node.bytes), EMPTY_INDEX.node.digest)
  })
  it('does not depend on the order of the entries', () => {
    fc.assert(
      fc.property(
        anyEntries.chain((entries) =>
          fc.tuple(
            fc.constant(entries),
            fc.shuffledSubarray(entries, { minLength: entries.length }),
          ),
        ),
        ([entries, shuffled]) => {
          assert.deepEqual(new MemoryObjects().build(entries), new MemoryObjects().build(shuffled))
        },
      ),
      { numRuns: 40 },
    )
  })
  it('hands out the root last, and each node once', () => {
    const digests: string[] = []
    const { root } = buildIndex(manyEntries(500), ({ digest }) => digests.push(digest))
    assert.equal(digests.at(-1), root)
    assert.equal(new Set(digests).size, digests.length)
  })
  it('keeps a directory that is too long for a leaf of several apart', () => {
    const objects = new MemoryObjects()
    const { root } = objects.build([
      ...Array.from({ length: 60 }, (_, index) => entryOf(`big/f${index}`)),
      entryOf('small/f'),
    ])
    assert.equal(parseIndexNode(objects.objects.get(root) ?? assert.fail()).kind, 'branch')
  })
  const jar = entryOf('a/b.jar')
  const refused: Record<string, IndexEntry[]> = {
    'a path twice': [jar, { ...jar, mtimeSeconds: 5 }],
    'a malformed path': [{ ...jar, path: 'a/../b' as IndexEntry['path'] }],
    'a malformed digest': [{ ...jar, digest: 'abc' }],
    'a malformed SHA-1': [{ ...jar, sha1: 'A'.repeat(40) }],
    'a time with a fraction': [{ ...jar, mtimeSeconds: 1.5 }],
    'a negative time': [{ ...jar, mtimeSeconds: -1 }],
    'a size above the largest artifact': [{ ...jar, sizeBytes: 2 ** 40, pieceList: D }],
    'a piece list of a small file': [{ ...jar, sizeBytes: 1, pieceList: D }],
    'no piece list of a large file': [{ ...jar, sizeBytes: 262_145, pieceList: undefined }],
    'a malformed piece list': [{ ...jar, sizeBytes: 262_145, pieceList: 'abc' }],
    'a directory above 1 MiB': Array.from({ length: 9000 }, (_, index) => entryOf(`a/${index}`)),
  }
  for (const [what, entries] of Object.entries(refused)) {
    it(`refuses ${what}`, () => {
      assert.throws(() => new MemoryObjects().build(entries), InvalidIndexEntryError)
    })
  }
})
