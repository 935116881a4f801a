import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  diffIndex,
  formatPieceList,
  InvalidIndexNodeError,
  InvalidPieceListError,
  missingObjects,
  removedObjects,
  sha256,
  splitPieces,
  SYNC_PARALLEL,
} from '../src/index.ts'
import type { Digest, FetchObject, IndexDifference, IndexEntry } from '../src/index.ts'
import { anyEntries, entryOf, manyEntries, MemoryObjects } from './_entries.ts'

const { signal } = new AbortController()

/** Give each large entry a piece list that exists, and put it into `objects`. */
function withPieces(objects: MemoryObjects, entries: readonly IndexEntry[]): IndexEntry[] {
  return entries.map((entry) => {
    if (entry.pieceList === undefined) return entry
    const pieces = splitPieces(entry.sizeBytes).map(({ offset }) =>
      sha256(Buffer.from(`${entry.digest} ${offset}`)),
    )
    const bytes = formatPieceList(pieces)
    objects.objects.set(sha256(bytes), bytes)
    return { ...entry, pieceList: sha256(bytes) }
  })
}

/** The nodes and piece lists of one index. */
function copyOf(entries: readonly IndexEntry[]): {
  objects: MemoryObjects
  root: Digest
  nodes: Set<Digest>
} {
  const objects = new MemoryObjects()
  const complete = withPieces(objects, entries)
  const before = new Set(objects.objects.keys())
  const { root } = objects.build(complete)
  return { objects, root, nodes: without(objects.objects.keys(), before) }
}

function without(digests: Iterable<Digest>, others: ReadonlySet<Digest>): Set<Digest> {
  return new Set([...digests].filter((digest) => !others.has(digest)))
}

const fetchFrom =
  (objects: MemoryObjects): FetchObject =>
  (digest) =>
    Promise.resolve(objects.objects.get(digest) ?? assert.fail(`no ${digest}`))

async function diff(
  objects: MemoryObjects,
  before: Digest,
  after: Digest,
): Promise<IndexDifference[]> {
  const found: IndexDifference[] = []
  for await (const difference of diffIndex(objects.source, before, after)) found.push(difference)
  return found
}

describe('diffIndex', () => {
  it('is the difference of the two sets', async () => {
    await fc.assert(
      fc.asyncProperty(anyEntries, anyEntries, async (before, after) => {
        const objects = new MemoryObjects()
        const was = new Map(before.map((entry) => [entry.path, entry]))
        const is = new Map(after.map((entry) => [entry.path, entry]))
        const wanted = [...new Set([...was.keys(), ...is.keys()])]
          .map((path) => ({ path, before: was.get(path), after: is.get(path) }))
          .filter((difference) => difference.before?.digest !== difference.after?.digest)
        const found = await diff(objects, objects.build(before).root, objects.build(after).root)
        const sort = (list: IndexDifference[]): IndexDifference[] =>
          list.toSorted((a, b) => (a.path < b.path ? -1 : 1))
        assert.deepEqual(sort(found), sort(wanted))
      }),
    )
  })
  it('finds a change of any field', async () => {
    const jar: IndexEntry = {
      ...entryOf('a/b'),
      sizeBytes: 300_000,
      pieceList: sha256(Buffer.of(1)),
    }
    for (const change of [
      { digest: sha256(Buffer.of(2)) },
      { sha1: 'b'.repeat(40) },
      { sizeBytes: 300_001 },
      { mtimeSeconds: 1 },
      { pieceList: sha256(Buffer.of(3)) },
    ]) {
      const objects = new MemoryObjects()
      const after = { ...jar, ...change }
      const found = await diff(objects, objects.build([jar]).root, objects.build([after]).root)
      assert.deepEqual(found, [{ path: jar.path, before: jar, after }])
    }
  })
  it('reads what differs, not what is there', async () => {
    const entries = manyEntries(20_000, 1)
    const objects = new MemoryObjects()
    const before = objects.build(entries)
    const nodes = objects.objects.size
    const after = objects.build([...entries, entryOf('new/one/1/one-1.jar')])
    const found = await diff(objects, before.root, after.root)
    assert.equal(found.length, 1)
    assert.ok(nodes > 900, `${nodes} nodes`)
    // Four levels of each index.
    assert.ok(objects.reads.length <= 8, `${objects.reads.length} reads`)
    objects.reads.length = 0
    assert.deepEqual(await diff(objects, after.root, after.root), [])
    assert.equal(objects.reads.length, 0)
  })
})

describe('missingObjects', () => {
  it('makes the copy complete and fetches only what it lacks', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyEntries,
        anyEntries,
        fc.integer({ min: 1, max: 8 }),
        async (before, after, parallel) => {
          const { objects, root: old } = copyOf(before)
          const wanted = copyOf(after)
          const step = { before: old, after: wanted.root, fetch: fetchFrom(wanted.objects) }
          for await (const object of missingObjects(objects.source, step, { signal, parallel })) {
            assert.ok(!objects.objects.has(object.digest))
            assert.equal(sha256(object.bytes), object.digest)
            assert.equal(object.kind, wanted.nodes.has(object.digest) ? 'node' : 'pieces')
            objects.objects.set(object.digest, object.bytes)
          }
          for (const digest of wanted.objects.objects.keys()) assert.ok(objects.objects.has(digest))
        },
      ),
      { numRuns: 60 },
    )
  })
  it('goes on where it was interrupted, and heals a copy that lost nodes', async () => {
    const entries = manyEntries(300)
    const full = copyOf(entries)
    const objects = new MemoryObjects()
    const fetched: Digest[] = []
    const step = { before: undefined, after: full.root, fetch: fetchFrom(full.objects) }
    for await (const { digest, bytes } of missingObjects(objects.source, step, { signal })) {
      objects.objects.set(digest, bytes)
      fetched.push(digest)
      if (fetched.length === 10) break
    }
    for await (const { digest, bytes } of missingObjects(objects.source, step, { signal })) {
      objects.objects.set(digest, bytes)
      fetched.push(digest)
    }
    assert.deepEqual(fetched.toSorted(), [...full.objects.objects.keys()].sort())
    objects.objects.delete(full.root)
    const next = copyOf([...entries, entryOf('new/a/1/a')])
    const healed = { before: full.root, after: next.root, fetch: fetchFrom(next.objects) }
    for await (const { digest, bytes } of missingObjects(objects.source, healed, { signal })) {
      objects.objects.set(digest, bytes)
    }
    for (const digest of next.objects.objects.keys()) assert.ok(objects.objects.has(digest))
  })
  it('neither reads nor fetches what the old index shares', async () => {
    const entries = manyEntries(5000, 1).map((entry) => ({
      ...entry,
      sizeBytes: 1,
      pieceList: undefined,
    }))
    const { objects, root: before } = copyOf(entries)
    const extra = { ...entryOf('new/a/1/a'), sizeBytes: 1, pieceList: undefined }
    const next = copyOf([...entries, extra])
    const fetched: Digest[] = []
    const step = { before, after: next.root, fetch: fetchFrom(next.objects) }
    for await (const { digest } of missingObjects(objects.source, step, { signal }))
      fetched.push(digest)
    assert.ok(fetched.length <= 4, `${fetched.length} fetches`)
    assert.ok(objects.reads.length <= 8, `${objects.reads.length} reads`)
  })
  it('fetches again what the source has damaged', async () => {
    const full = copyOf([entryOf('a/b')])
    const objects = new MemoryObjects()
    objects.objects.set(full.root, Buffer.from('damaged'))
    const step = { before: undefined, after: full.root, fetch: fetchFrom(full.objects) }
    const digests: Digest[] = []
    for await (const { digest } of missingObjects(objects.source, step, { signal }))
      digests.push(digest)
    assert.ok(digests.includes(full.root))
  })
  it('refuses a node and a piece list that are not what was asked for', async () => {
    const pieces = formatPieceList([sha256(Buffer.of(1)), sha256(Buffer.of(2))])
    const jar: IndexEntry = { ...entryOf('a/b'), sizeBytes: 300_000, pieceList: sha256(pieces) }
    const full = new MemoryObjects()
    const { root } = full.build([jar])
    const step = { before: undefined, after: root }
    const run = async (fetch: FetchObject): Promise<void> => {
      for await (const { digest } of missingObjects(
        new MemoryObjects().source,
        { ...step, fetch },
        { signal },
      )) {
        assert.equal(digest, root)
      }
    }
    await assert.rejects(
      run(() => Promise.resolve(pieces)),
      InvalidIndexNodeError,
    )
    const lie = formatPieceList([sha256(Buffer.of(1)), sha256(Buffer.of(3))])
    await assert.rejects(
      run((digest) => Promise.resolve(full.objects.get(digest) ?? lie)),
      InvalidPieceListError,
    )
    const long = { ...jar, sizeBytes: 600_000 }
    const other = full.build([long])
    const fetch: FetchObject = (digest) => Promise.resolve(full.objects.get(digest) ?? pieces)
    await assert.rejects(async () => {
      const source = new MemoryObjects().source
      for await (const { kind } of missingObjects(
        source,
        { before: undefined, after: other.root, fetch },
        { signal },
      )) {
        assert.equal(kind, 'node')
      }
    }, InvalidPieceListError)
  })
  /** Fetch until so many objects came. @returns how many fetches were under way at most, and how many were aborted */
  async function syncUntil(
    wanted: number,
    { size, ...options }: { readonly size: number; readonly parallel?: number },
  ) {
    const full = copyOf(manyEntries(size, 1))
    let running = 0
    let most = 0
    let aborted = 0
    const fetch: FetchObject = async (digest, options) => {
      running++
      most = Math.max(most, running)
      await new Promise((resolve) => setImmediate(resolve))
      if (options.signal.aborted) aborted++
      running--
      return fetchFrom(full.objects)(digest, options)
    }
    const step = { before: undefined, after: full.root, fetch }
    const objects = missingObjects(new MemoryObjects().source, step, { signal, ...options })
    let count = 0
    for await (const object of objects) {
      assert.ok(object.bytes.length > 0)
      if (++count === wanted) break
    }
    return { most, running, aborted }
  }
  it('keeps to its bound of fetches and aborts them when it is left', async () => {
    const { most, running, aborted } = await syncUntil(5, { size: 600, parallel: 4 })
    assert.equal(most, 4)
    assert.equal(running, 0)
    assert.ok(aborted > 0)
  })
  it('has SYNC_PARALLEL fetches under way, and no more', async () => {
    assert.equal((await syncUntil(200, { size: 3_000 })).most, SYNC_PARALLEL)
  })
  it('ends with the reason of its signal', async () => {
    const full = copyOf(manyEntries(100))
    const stop = new AbortController()
    const reason = new Error('enough')
    const fetch: FetchObject = (_, options) =>
      new Promise((_resolve, reject) => {
        options.signal.addEventListener('abort', () => {
          reject(reason)
        })
        stop.abort(reason)
      })
    const step = { before: undefined, after: full.root, fetch }
    const objects = missingObjects(new MemoryObjects().source, step, { signal: stop.signal })
    await assert.rejects(objects.next(), reason)
  })
})

describe('removedObjects', () => {
  it('names the nodes that only the old index has, each once', async () => {
    await fc.assert(
      fc.asyncProperty(anyEntries, anyEntries, async (before, after) => {
        const was = copyOf(before)
        const is = copyOf(after)
        const all = new MemoryObjects()
        for (const { objects } of [was, is])
          for (const [digest, bytes] of objects.objects) all.objects.set(digest, bytes)
        const nodes: Digest[] = []
        const pieces = new Set<Digest>()
        for await (const { kind, digest } of removedObjects(all.source, {
          before: was.root,
          after: is.root,
        })) {
          if (kind === 'node') nodes.push(digest)
          else pieces.add(digest)
        }
        assert.deepEqual(nodes.toSorted(), [...without(was.nodes, is.nodes)].sort())
        const held = without(was.objects.objects.keys(), was.nodes)
        const lost = without(held, new Set(is.objects.objects.keys()))
        for (const digest of lost) assert.ok(pieces.has(digest))
      }),
    )
  })
})
