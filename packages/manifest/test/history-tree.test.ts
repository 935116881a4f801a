import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  EMPTY_HISTORY_ROOT,
  HistoryTree,
  InvalidHistoryError,
  leafHash,
  nodeHash,
  parseEntryBundle,
  parseTile,
  parseTilePath,
  sha256,
} from '../src/index.ts'

const line = (index: number): Buffer => Buffer.from(`line ${index}`)

function treeOf(size: number): HistoryTree {
  const tree = new HistoryTree()
  for (let index = 0; index < size; index++) tree.append(line(index))
  return tree
}

/** Lines, in hex, and the root of the tree that ends with each: the reference tree of Certificate Transparency. */
const KNOWN: readonly (readonly [string, string])[] = [
  ['', '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
  ['00', 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
  ['10', 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
  ['2021', 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7'],
  ['3031', '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4'],
  ['40414243', '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef'],
  ['5051525354555657', 'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c'],
  [
    '606162636465666768696a6b6c6d6e6f',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ],
]

/** The definition in RFC 6962, section 2.1, word by word. */
function definedRoot(start: number, end: number): string {
  if (end === start) return EMPTY_HISTORY_ROOT
  if (end - start === 1) return leafHash(line(start))
  let power = 1
  while (power * 2 < end - start) power *= 2
  return nodeHash(definedRoot(start, start + power), definedRoot(start + power, end))
}

describe('leafHash', () => {
  it('is that of the RFC', () => {
    assert.equal(EMPTY_HISTORY_ROOT, sha256(new Uint8Array()))
    assert.equal(
      leafHash(new Uint8Array()),
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    )
    assert.equal(
      nodeHash(leafHash(new Uint8Array()), leafHash(Uint8Array.of(0))),
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    )
  })
})

describe('HistoryTree', () => {
  it('has the roots that implementations of RFC 6962 publish for eight lines', () => {
    const tree = new HistoryTree()
    const roots = KNOWN.map(([text]) => {
      tree.append(Buffer.from(text, 'hex'))
      return tree.root
    })
    assert.deepEqual(
      roots,
      KNOWN.map(([, root]) => root),
    )
  })
  it('has the root that the RFC defines', () => {
    for (const size of [0, 1, 2, 3, 5, 7, 8, 100, 255, 256, 257, 600]) {
      assert.equal(treeOf(size).root, definedRoot(0, size), `${size} lines`)
    }
  })
  it('goes on from its kept state as if it had never stopped', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 600 }),
        fc.integer({ min: 0, max: 300 }),
        (first, more) => {
          const tree = treeOf(first)
          tree.takeFiles()
          const again = HistoryTree.fromBytes(tree.toBytes())
          assert.equal(again.root, tree.root)
          for (let index = first; index < first + more; index++) {
            tree.append(line(index))
            again.append(line(index))
          }
          assert.equal(again.size, first + more)
          assert.deepEqual(again.takeFiles(), tree.takeFiles())
          assert.deepEqual(again.toBytes(), tree.toBytes())
        },
      ),
      { numRuns: 30 },
    )
  })
  it('refuses a kept state that is cut, longer, or other in its lines', () => {
    const bytes = treeOf(300).toBytes()
    const short = treeOf(2).toBytes()
    for (const whole of [short, bytes]) {
      for (let length = 0; length < whole.length; length += whole === short ? 1 : 17) {
        assert.throws(() => HistoryTree.fromBytes(whole.subarray(0, length)), InvalidHistoryError)
      }
    }
    assert.throws(
      () => HistoryTree.fromBytes(Buffer.concat([bytes, Buffer.of(0)])),
      InvalidHistoryError,
    )
    const other = Buffer.from(bytes)
    other[other.length - 1] = 0
    assert.throws(() => HistoryTree.fromBytes(other), InvalidHistoryError)
  })
  it('refuses a kept state of more lines than can be counted', () => {
    const bytes = Buffer.from(new HistoryTree().toBytes())
    bytes.fill(0xff, bytes.length - 8)
    assert.throws(() => HistoryTree.fromBytes(bytes), /Cannot read history: a state of/)
  })
  it('publishes full tiles once and incomplete ones as they grow', () => {
    const tree = treeOf(3)
    const paths = (): string[] => tree.takeFiles().map(({ path }) => path)
    assert.deepEqual(paths(), ['tile/0/000.p/3', 'tile/entries/000.p/3'])
    assert.deepEqual(paths(), [])
    for (let index = 3; index < 257; index++) tree.append(line(index))
    assert.deepEqual(paths(), [
      'tile/entries/000',
      'tile/0/000',
      'tile/0/001.p/1',
      'tile/1/000.p/1',
      'tile/entries/001.p/1',
    ])
    tree.append(line(257))
    assert.deepEqual(paths(), ['tile/0/001.p/2', 'tile/entries/001.p/2'])
  })
  it('publishes tiles of every level that hold what their names say', () => {
    const tree = treeOf(65_536 + 256)
    const files = new Map(tree.takeFiles().map(({ path, bytes }) => [path, bytes]))
    assert.ok(files.has('tile/1/000'))
    assert.ok(files.has('tile/2/000.p/1'))
    assert.ok(!files.has('tile/0/257.p/0'))
    for (const [path, bytes] of files) {
      const { level, index, width } = parseTilePath(path)
      if (level === 'entries') {
        const lines = parseEntryBundle(bytes, width)
        assert.deepEqual(Buffer.from(lines[0] ?? []), line(index * 256))
      } else if (level === 0) {
        assert.equal(parseTile(bytes, width).at(-1), leafHash(line(index * 256 + width - 1)))
      } else {
        const span = 256 ** level
        if (span === 256)
          assert.equal(
            parseTile(bytes, width)[0],
            definedRoot(index * 65_536, index * 65_536 + 256),
          )
      }
    }
  })
})
