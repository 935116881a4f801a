import { parsePath } from '@jarswarm/maven'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { MAX_AWAITED_OBJECTS } from '../src/limits.ts'
import {
  buildIndex,
  EMPTY_INDEX,
  formatPieceList,
  IndexIntake,
  InvalidIndexNodeError,
  InvalidPackError,
  InvalidPieceListError,
  parseIndexNode,
  PIECE_BYTES,
  sha256,
} from '../src/index.ts'
import type { AwaitedPieceList, Digest, IndexEntry } from '../src/index.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

const PIECES = ['a', 'b'].map((name) =>
  formatPieceList([sha256(bytesOf(name)), sha256(bytesOf(`${name} last`))]),
)

function entryOf(path: string, pieces?: Uint8Array): IndexEntry {
  const digest = sha256(bytesOf(path))
  return {
    path: parsePath(path),
    digest,
    sha1: digest.slice(0, 40),
    sizeBytes: pieces === undefined ? path.length : PIECE_BYTES + 1,
    mtimeSeconds: 1,
    pieceList: pieces && sha256(pieces),
  }
}

/** Some files, each twentieth large with the one piece list or the other. */
function entriesOf(count: number): readonly IndexEntry[] {
  const entries = Array.from({ length: count }, (_, at) =>
    entryOf(
      `g${String(at % 7)}/a/${String(at)}/a-${String(at)}.jar`,
      at % 20 === 0 ? PIECES[(at / 20) % 2] : undefined,
    ),
  )
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1))
}

interface Built {
  readonly root: Digest
  readonly entries: readonly IndexEntry[]
  /** Parents first. */
  readonly objects: readonly Uint8Array[]
}

function build(entries: readonly IndexEntry[]): Built {
  const nodes: Uint8Array[] = []
  const { root } = buildIndex(entries, (node) => nodes.push(node.bytes))
  const named = new Set(entries.flatMap(({ pieceList }) => pieceList ?? []))
  const pieces = PIECES.filter((bytes) => named.has(sha256(bytes)))
  return { root, entries, objects: [...nodes.toReversed(), ...pieces] }
}

function takeAll(
  root: Digest,
  objects: Iterable<Uint8Array>,
): { readonly entries: readonly IndexEntry[]; readonly shared: readonly AwaitedPieceList[] } {
  const intake = new IndexIntake(root)
  const entries: IndexEntry[] = []
  for (const bytes of objects) {
    const taken = intake.take(bytes)
    assert.equal(taken.digest, sha256(bytes))
    assert.equal(taken.bytes, bytes)
    entries.push(...taken.entries)
  }
  return { entries: entries.sort((a, b) => (a.path < b.path ? -1 : 1)), shared: intake.end() }
}

const BUILT = build(entriesOf(1_000))

describe('IndexIntake', () => {
  for (const count of [0, 1, 40, 1_000]) {
    it(`takes an index of ${String(count)} files`, () => {
      const { root, entries, objects } = build(entriesOf(count))
      assert.deepEqual(takeAll(root, objects), { entries, shared: [] })
    })
  }

  it('takes objects in any order in which parents come before children', () => {
    const { root, entries, objects } = BUILT
    const byDigest = new Map(objects.map((bytes) => [sha256(bytes), bytes]))
    const property = fc.property(fc.infiniteStream(fc.nat()), (choices) => {
      const waiting = [root]
      const named = new Set(waiting)
      const order = function* (): Generator<Uint8Array> {
        for (const choice of choices) {
          if (waiting.length === 0) return
          const [digest = ''] = waiting.splice(choice % waiting.length, 1)
          const bytes = byDigest.get(digest) ?? new Uint8Array()
          yield bytes
          for (const child of namedBy(bytes)) if (!named.has(child)) waiting.push(child)
          for (const child of namedBy(bytes)) named.add(child)
        }
      }
      const taken = takeAll(root, order())
      assert.deepEqual(taken.entries, entries)
      // Some of those that share a piece list may have come behind it.
      const shared = new Set(PIECES.map((bytes) => sha256(bytes)))
      assert.ok(taken.shared.every(({ digest }) => shared.has(digest)))
    })
    fc.assert(property, { numRuns: 20 })
  })

  it('says which piece list came before it was named again', () => {
    const pieces = PIECES[0] ?? new Uint8Array()
    // In two leaves, for neither has room for the other's directories.
    const entries = entriesOf(200).filter(({ pieceList }) => pieceList === undefined)
    const large = [entryOf('x/1/x-1.jar', pieces), entryOf('y/2/y-2.jar', pieces)]
    const { root, objects } = build([...entries, ...large])
    const nodes = objects.slice(0, -1)
    const first = nodes.findIndex((bytes) => namedBy(bytes).includes(sha256(pieces)))
    const order = nodes.toSpliced(first + 1, 0, pieces)
    const last = nodes.findLastIndex((bytes) => namedBy(bytes).includes(sha256(pieces)))
    assert.notEqual(first, last)
    const { shared } = takeAll(root, order)
    assert.deepEqual(
      shared.map(({ digest }) => digest),
      [sha256(pieces)],
    )
  })

  it('refuses what nothing before it names', () => {
    const { root, objects } = BUILT
    const [first = new Uint8Array(), ...others] = objects
    for (const order of [[bytesOf('foreign')], [first, first], others]) {
      assert.throws(() => takeAll(root, order), InvalidPackError)
    }
    assert.throws(() => takeAll(root, [EMPTY_INDEX.node.bytes]), InvalidPackError)
  })

  it('refuses an end without a node', () => {
    const { root, objects } = BUILT
    for (const length of [0, 1, 5]) {
      assert.throws(() => takeAll(root, objects.slice(0, length)), InvalidPackError)
    }
  })

  it('refuses a node in the wrong place, with other totals, or in two places', () => {
    // The last in the order of keys: none of them begins with 0.
    const leaf = BUILT.objects.find((bytes) => kindOf(bytes) === 'leaf') ?? new Uint8Array()
    const { directories, files, bytes } = parseIndexNode(leaf)
    const line = (digit: string, said: number): string =>
      `${digit} ${sha256(leaf)} ${String(directories)} ${String(said)} ${String(bytes)}\n`
    for (const [lines, error] of [
      [line('0', files), InvalidIndexNodeError],
      [line('f', files + 1), InvalidIndexNodeError],
      [line('0', files) + line('f', files), InvalidPackError],
    ] as const) {
      const branch = bytesOf(`jarswarm branch 1\n${lines}`)
      assert.throws(() => takeAll(sha256(branch), [branch, leaf]), error)
    }
  })

  it('refuses a piece list that does not fit its file', () => {
    const pieces = formatPieceList([sha256(bytesOf('only one'))])
    const { root, objects } = build([entryOf('g/a/1/a-1.jar', pieces)])
    assert.throws(() => takeAll(root, [...objects, pieces]), InvalidPieceListError)
  })

  it('has MAX_AWAITED_OBJECTS named ahead, and no more', () => {
    /** An index of so many large files, of which no piece list comes. */
    const takeNodes = (count: number): void => {
      const entries = Array.from({ length: count }, (_, at) => ({
        ...entryOf(`d${String(at >> 12)}/a-${String(at)}.jar`, PIECES[0]),
        sizeBytes: PIECE_BYTES + 1,
        pieceList: sha256(bytesOf(`pieces ${String(at)}`)),
      }))
      const nodes: Uint8Array[] = []
      const { root } = buildIndex(entries, (node) => nodes.push(node.bytes))
      const intake = new IndexIntake(root)
      for (const bytes of nodes.toReversed()) intake.take(bytes)
    }
    takeNodes(MAX_AWAITED_OBJECTS)
    assert.throws(() => {
      takeNodes(MAX_AWAITED_OBJECTS + 1)
    }, InvalidPackError)
  })
})

function kindOf(bytes: Uint8Array): string {
  return PIECES.includes(bytes) ? 'pieces' : parseIndexNode(bytes).kind
}

function namedBy(bytes: Uint8Array): readonly Digest[] {
  if (PIECES.includes(bytes)) return []
  const node = parseIndexNode(bytes)
  if (node.kind === 'branch') return node.children.map(({ digest }) => digest)
  return node.contents.flatMap(({ entries }) => entries.flatMap(({ pieceList }) => pieceList ?? []))
}
