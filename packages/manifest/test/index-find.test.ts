import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { directoryOf, parsePath } from '@jarswarm/maven'
import fc from 'fast-check'
import {
  EMPTY_INDEX,
  findDirectory,
  findEntry,
  InvalidIndexNodeError,
  InvalidProofError,
  MissingNodeError,
  proveDirectory,
  sha256,
  verifyProof,
  walkIndex,
} from '../src/index.ts'
import type { IndexEntry, KnownBranch } from '../src/index.ts'
import { anyEntries, entryOf, manyEntries, MemoryObjects } from './_entries.ts'

const byPath = (entries: Iterable<IndexEntry>): IndexEntry[] =>
  [...entries].sort((a, b) => (a.path < b.path ? -1 : 1))

describe('findEntry', () => {
  it('finds every path that is there, and proves every other one absent', async () => {
    await fc.assert(
      fc.asyncProperty(anyEntries, async (entries) => {
        const objects = new MemoryObjects()
        const { root } = objects.build(entries)
        for (const entry of entries) {
          assert.deepEqual(await findEntry(objects.source, root, entry.path), entry)
          const absent = parsePath(`${entry.path}.asc`)
          assert.equal(await findEntry(objects.source, root, absent), undefined)
        }
        assert.equal(await findDirectory(objects.source, root, 'not/there'), undefined)
      }),
      { numRuns: 30 },
    )
  })
  it('finds nothing in the empty index', async () => {
    const objects = new MemoryObjects()
    const { root } = objects.build([])
    assert.equal(root, EMPTY_INDEX.totals.root)
    assert.equal(await findEntry(objects.source, root, parsePath('a')), undefined)
  })
  it('names the node that the source lacks', async () => {
    const objects = new MemoryObjects()
    const { root } = objects.build([entryOf('a/b')])
    objects.objects.clear()
    await assert.rejects(findEntry(objects.source, root, parsePath('a/b')), (error: unknown) => {
      assert.ok(error instanceof MissingNodeError)
      assert.equal(error.digest, root)
      return true
    })
  })
  it('refuses a node that does not hash to its name', async () => {
    const objects = new MemoryObjects()
    const { root } = objects.build([entryOf('a/b')])
    const { root: other } = objects.build([entryOf('a/c')])
    objects.objects.set(root, objects.objects.get(other) ?? assert.fail())
    await assert.rejects(findEntry(objects.source, root, parsePath('a/b')), InvalidIndexNodeError)
  })
  it('refuses a child that is not what its parent says', async () => {
    const objects = new MemoryObjects()
    const { root } = objects.build(manyEntries(60, 1))
    const text = Buffer.from(objects.objects.get(root) ?? []).toString()
    for (const column of [1, 2, 3]) {
      const lie = text.replace(/(?<=\n)\S (\S+) (\d+) (\d+) (\d+)/g, (line) => {
        const cells = line.split(' ')
        return cells
          .with(column + 1, String(Number(cells[column + 1]) + (column === 1 ? -1 : 1)))
          .join(' ')
      })
      const bytes = Buffer.from(lie)
      objects.objects.set(sha256(bytes), bytes)
      await assert.rejects(
        findDirectory(objects.source, sha256(bytes), 'g0/a0/1.0'),
        InvalidIndexNodeError,
      )
    }
  })
})

describe('remembered branches', () => {
  it('change no answer and no proof, and are read once', async () => {
    await fc.assert(
      fc.asyncProperty(anyEntries, async (entries) => {
        const objects = new MemoryObjects()
        const { root } = objects.build(entries)
        const nodes = { source: objects.source, branches: new Map<string, KnownBranch>() }
        for (const { path } of entries) {
          const directory = directoryOf(path)
          const proof = await proveDirectory(objects.source, root, directory)
          objects.reads.length = 0
          assert.deepEqual(await proveDirectory(nodes, root, directory), proof)
          assert.deepEqual(await proveDirectory(nodes, root, directory), proof)
          assert.ok(objects.reads.length <= proof.length + 1)
          const found = await findDirectory(objects.source, root, directory)
          assert.deepEqual(await findDirectory(nodes, root, directory), found)
        }
        const branches = [...objects.objects].filter(([digest]) => nodes.branches.has(digest))
        assert.equal(branches.length, nodes.branches.size)
      }),
      { numRuns: 30 },
    )
  })
  it('are refused where their parent says something else of them', async () => {
    const objects = new MemoryObjects()
    const { root } = objects.build(manyEntries(2_000, 1))
    const nodes = { source: objects.source, branches: new Map<string, KnownBranch>() }
    await findDirectory(nodes, root, 'g0/a0/1.0')
    const first = nodes.branches.get(root) ?? assert.fail()
    const text = first.text.replaceAll(/\d+ \d+$/gm, '1000000 1')
    assert.notEqual(text, first.text)
    nodes.branches.set(root, { ...first, text })
    await assert.rejects(findDirectory(nodes, root, 'g0/a0/1.0'), InvalidIndexNodeError)
  })
})

describe('walkIndex', () => {
  it('yields all entries, and reads each node once', async () => {
    await fc.assert(
      fc.asyncProperty(anyEntries, async (entries) => {
        const objects = new MemoryObjects()
        const { root } = objects.build(entries)
        const walked: IndexEntry[] = []
        for await (const entry of walkIndex(objects.source, root)) walked.push(entry)
        assert.deepEqual(byPath(walked), byPath(entries))
        assert.deepEqual(objects.reads.toSorted(), [...objects.objects.keys()].sort())
      }),
      { numRuns: 30 },
    )
  })
})

describe('verifyProof', () => {
  const objects = new MemoryObjects()
  const entries = manyEntries(700)
  const { root } = objects.build(entries)
  const directories = fc.oneof(
    fc.nat(699).map((index) => `g${index % 7}/a${index}/1.${index}`),
    fc.string({ maxLength: 5 }),
  )
  const wanted = (directory: string): IndexEntry[] | undefined => {
    const found = entries.filter(({ path }) => path.slice(0, path.lastIndexOf('/')) === directory)
    return found.length > 0 ? found : undefined
  }

  it('takes proofs of presence and of absence', async () => {
    await fc.assert(
      fc.asyncProperty(directories, async (directory) => {
        const proof = await proveDirectory(objects.source, root, directory)
        assert.deepEqual(verifyProof(root, directory, proof), wanted(directory))
      }),
    )
  })
  it('proves absence at a branch that has no such child', async () => {
    const few = new MemoryObjects()
    const totals = few.build(manyEntries(40, 1))
    const digits = new Set(
      Buffer.from(few.objects.get(totals.root) ?? [])
        .toString()
        .split('\n')
        .map((line) => line.slice(0, 2)),
    )
    assert.ok(digits.size < 18)
    let seen = false
    for (let index = 0; index < 2000 && !seen; index++) {
      const proof = await proveDirectory(few.source, totals.root, `none${index}`)
      assert.equal(verifyProof(totals.root, `none${index}`, proof), undefined)
      seen = proof.length === 1
    }
    assert.ok(seen || digits.size === 17)
  })
  it('refuses any change: a bit, a node dropped, added, doubled or moved', async () => {
    await fc.assert(
      fc.asyncProperty(
        directories,
        fc.tuple(fc.nat(), fc.nat(), fc.nat(7)),
        async (directory, [which, where, bit]) => {
          const proof = await proveDirectory(objects.source, root, directory)
          const index = which % proof.length
          const node = proof[index] ?? assert.fail()
          const flipped = Buffer.from(node)
          const at = where % node.length
          flipped[at] = (flipped[at] ?? 0) ^ (1 << bit)
          const other = proof[(index + 1) % proof.length] ?? node
          const bad = [
            proof.with(index, flipped),
            proof.toSpliced(index, 1),
            proof.toSpliced(index, 0, node),
            [...proof, node],
            ...(other === node ? [] : [proof.with(index, other), proof.toReversed()]),
            [],
          ]
          for (const nodes of bad) {
            assert.throws(() => verifyProof(root, directory, nodes), InvalidProofError)
          }
        },
      ),
    )
  })
  it('refuses the proof of another directory when it leads elsewhere', async () => {
    const [first, second] = ['g0/a0/1.0', 'g1/a1/1.1']
    const proof = await proveDirectory(objects.source, root, first)
    assert.notDeepEqual(proof, await proveDirectory(objects.source, root, second))
    assert.throws(() => verifyProof(root, second, proof), InvalidProofError)
  })
  it('calls a defect of its caller no bad proof', () => {
    assert.throws(() => verifyProof('a'.repeat(64), '', [7 as never]), TypeError)
  })
  it('refuses nodes behind a proof that is whole', async () => {
    const small = new MemoryObjects()
    const totals = small.build([entryOf('a/b')])
    const proof = await proveDirectory(small.source, totals.root, 'a')
    assert.throws(() => verifyProof(totals.root, 'a', [...proof, ...proof]), InvalidProofError)
  })
})

describe('proveDirectory', () => {
  it('names the node that the source lacks', async () => {
    const none = (): Promise<undefined> => Promise.resolve(undefined)
    await assert.rejects(proveDirectory(none, EMPTY_INDEX.totals.root, 'a'), MissingNodeError)
  })
  it('refuses a leaf that does not hash to its name', async () => {
    const { node, totals } = EMPTY_INDEX
    const spoilt = Buffer.concat([node.bytes, Buffer.from('/a\n')])
    const source = (): Promise<Uint8Array> => Promise.resolve(spoilt)
    await assert.rejects(proveDirectory(source, totals.root, 'a'), InvalidIndexNodeError)
  })
})
