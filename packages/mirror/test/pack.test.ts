import { buildIndex, formatPack, formatPieceList, PIECE_BYTES, sha256 } from '@jarswarm/manifest'
import type { Head, IndexEntry } from '@jarswarm/manifest'
import { parsePath } from '@jarswarm/maven'
import { NoSpaceError, publishedPath } from '@jarswarm/ports'
import { ManualClock, MemoryIndexStore, MemoryUpstream, RecordingLogger } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { buffer } from 'node:stream/consumers'
import { constants, createZstdCompress, zstdCompressSync } from 'node:zlib'
import { PackTaker } from '../src/index-tree/pack.ts'
import { MAX_PACK_BYTES, MAX_PACK_WINDOW_BITS } from '../src/limits.ts'
import type { UpstreamSet } from '../src/upstreams/upstream-set.ts'
import { UpstreamStanding } from '../src/upstreams/upstream-standing.ts'

type Pack = NonNullable<Head['pack']>

const REPOSITORY = sha256(Buffer.from('repository'))
const LARGE_BYTES = PIECE_BYTES + 1
const PIECES = formatPieceList([sha256(Buffer.from('first')), sha256(Buffer.from('last'))])
const SIGNAL = new AbortController().signal

function entryOf(path: string, sizeBytes = 10): IndexEntry {
  const digest = sha256(Buffer.from(path))
  return {
    path: parsePath(path),
    digest,
    sha1: digest.slice(0, 40),
    sizeBytes,
    mtimeSeconds: 0,
    pieceList: sizeBytes > PIECE_BYTES ? sha256(PIECES) : undefined,
  }
}

/** Two of them are large, and share their piece list. */
const ENTRIES = [
  ...Array.from({ length: 300 }, (_, at) => entryOf(`g/a/${String(at)}/a-${String(at)}.pom`)),
  entryOf('g/large/1/large-1.jar', LARGE_BYTES),
  entryOf('h/large/1/large-1.jar', LARGE_BYTES),
].sort((a, b) => (a.path < b.path ? -1 : 1))

function objectsOf(entries: readonly IndexEntry[]): { root: string; objects: Uint8Array[] } {
  const objects: Uint8Array[] = []
  const { root } = buildIndex(entries, (node) => objects.push(node.bytes))
  // Parents first.
  return { root, objects: [...objects.toReversed(), PIECES] }
}

const { root: ROOT, objects: OBJECTS } = objectsOf(ENTRIES)

/** Upstreams that have a pack of these bytes, and what takes it from them. */
class Rig {
  readonly index = new MemoryIndexStore(REPOSITORY)
  readonly logger = new RecordingLogger()
  readonly entries: IndexEntry[] = []
  readonly pack: Pack
  readonly upstreams: readonly MemoryUpstream[]
  readonly taker: PackTaker
  readonly standings: readonly UpstreamStanding[]

  constructor(...served: readonly (Uint8Array | undefined)[]) {
    const [first = new Uint8Array()] = served
    this.pack = { digest: sha256(first), sizeBytes: first.length, root: ROOT }
    const path = publishedPath({ kind: 'pack', digest: this.pack.digest })
    this.upstreams = served.map((bytes, at) => {
      const files = new Map(bytes === undefined ? [] : [[path, bytes]])
      return new MemoryUpstream({ files, kind: 'mirror', url: `http://mirror${String(at)}.test` })
    })
    const components = { clock: new ManualClock(), logger: this.logger }
    this.standings = this.upstreams.map((upstream) => new UpstreamStanding(components, upstream))
    this.taker = new PackTaker({
      index: this.index,
      upstreams: { rankedPublishers: () => this.standings } as unknown as UpstreamSet,
      logger: this.logger,
      onEntry: (entry) => this.entries.push(entry),
    })
  }

  take(signal = SIGNAL): Promise<boolean> {
    return this.taker.take(this.pack, signal)
  }

  get asked(): readonly number[] {
    return this.upstreams.map(({ requests }) => requests.length)
  }

  get blamed(): readonly number[] {
    return this.standings.map(({ wrongBytes }) => wrongBytes)
  }

  /** Which of the objects are here. */
  async held(): Promise<readonly boolean[]> {
    const found = await Promise.all(OBJECTS.map((bytes) => this.index.getObject(sha256(bytes))))
    return found.map((bytes) => bytes !== undefined)
  }

  async listed(): Promise<readonly IndexEntry[]> {
    const entries: IndexEntry[] = []
    for await (const entry of this.index.listEntries('')) entries.push(entry)
    return entries
  }
}

/** A pack whose frame says that so much of it must be held. */
async function wide(windowBits: number): Promise<Buffer> {
  const compress = createZstdCompress({ params: { [constants.ZSTD_c_windowLog]: windowBits } })
  const whole = formatPack(OBJECTS)
  // In two writes: of one, its length is known, and is all the window that it wants.
  compress.write(whole.subarray(0, 100))
  compress.end(whole.subarray(100))
  return await buffer(compress)
}

const TOO_WIDE = await wide(MAX_PACK_WINDOW_BITS + 1)
const GOOD = zstdCompressSync(formatPack(OBJECTS))

describe('PackTaker', () => {
  it('takes every object and every path, and tells of each file', async () => {
    const rig = new Rig(GOOD)
    await rig.index.applyChanges([{ path: 'old/1/old-1.pom', after: entryOf('old/1/old-1.pom') }])
    assert.equal(await rig.take(), true)
    assert.ok((await rig.held()).every(Boolean))
    assert.deepEqual(await rig.listed(), ENTRIES)
    assert.equal(await rig.index.completeRoot(), undefined)
    assert.deepEqual(new Set(rig.entries), new Set(ENTRIES))
    assert.deepEqual(rig.blamed, [0])
  })

  const foreign = Buffer.from('an object that the index does not name')
  for (const [what, bytes, kept] of [
    ['is not compressed', Buffer.from('no zstd'), 0],
    ['ends in the midst of its compression', GOOD.subarray(0, -9), 0],
    ['ends early', zstdCompressSync(formatPack(OBJECTS.slice(0, 2))), 2],
    ['is malformed', zstdCompressSync(Buffer.concat([formatPack(OBJECTS), Buffer.alloc(4)])), 0],
    ['has a foreign object', zstdCompressSync(formatPack([...OBJECTS.slice(0, 3), foreign])), 3],
    [
      'has an object twice',
      zstdCompressSync(formatPack([...OBJECTS.slice(0, 3), OBJECTS[2] ?? foreign])),
      3,
    ],
    ['has children first', zstdCompressSync(formatPack(OBJECTS.toReversed())), 0],
    ['wants a window above MAX_PACK_WINDOW_BITS', TOO_WIDE, 0],
  ] as const) {
    it(`asks the next when a pack ${what}, and who sent it no more`, async () => {
      const rig = new Rig(bytes)
      assert.equal(await rig.take(), false)
      assert.deepEqual(rig.blamed, [1])
      assert.ok((await rig.held()).slice(0, kept).every(Boolean))
      assert.equal(await rig.take(), false)
      assert.deepEqual(rig.asked, [1])
      const other = { ...rig.pack, digest: sha256(Buffer.from('another pack')) }
      await rig.taker.take(other, SIGNAL)
      assert.deepEqual(rig.asked, [2])
    })
  }

  it('takes one that wants a window of MAX_PACK_WINDOW_BITS', async () => {
    assert.equal(await new Rig(await wide(MAX_PACK_WINDOW_BITS)).take(), true)
  })

  it('takes it from the next when one has something else', async () => {
    const rig = new Rig(GOOD, GOOD)
    rig.upstreams[0]?.files.set(
      publishedPath({ kind: 'pack', digest: rig.pack.digest }),
      Buffer.alloc(GOOD.length),
    )
    assert.equal(await rig.take(), true)
    assert.deepEqual(rig.blamed, [1, 0])
    assert.deepEqual(await rig.listed(), ENTRIES)
  })

  for (const behaviour of ['refusing', 'truncating'] as const) {
    it(`blames nobody who is ${behaviour}, and asks again`, async () => {
      const rig = new Rig(GOOD)
      const [upstream] = rig.upstreams
      if (upstream === undefined) return
      upstream.behaviour = behaviour
      assert.equal(await rig.take(), false)
      assert.deepEqual(rig.blamed, [0])
      upstream.behaviour = 'healthy'
      assert.equal(await rig.take(), true)
    })
  }

  it('blames nobody who has none, and asks nobody who is unwell', async () => {
    const rig = new Rig(GOOD, undefined)
    const [first] = rig.upstreams
    if (first === undefined) return
    first.reported = { ...first.reported, healthy: false }
    assert.equal(await rig.take(), false)
    assert.deepEqual(rig.asked, [0, 1])
    assert.deepEqual(rig.blamed, [0, 0])
  })

  it('is not complete without a piece list that is shared', async () => {
    const rig = new Rig(zstdCompressSync(formatPack(OBJECTS.slice(0, -1))))
    assert.equal(await rig.take(), false)
    assert.deepEqual(rig.blamed, [0])
  })

  it('throws what the store throws, and blames nobody', async () => {
    const rig = new Rig(GOOD, GOOD)
    rig.index.putObjects = () => Promise.reject(new NoSpaceError('Cannot write: disk full'))
    await assert.rejects(rig.take(), NoSpaceError)
    assert.deepEqual(rig.blamed, [0, 0])
    assert.deepEqual(rig.asked, [1, 0])
  })

  it('ends when it is no longer wanted', async () => {
    const rig = new Rig(GOOD, GOOD)
    const controller = new AbortController()
    const put = rig.index.putObjects.bind(rig.index)
    let taken = 0
    rig.index.putObjects = async (objects) => {
      taken += 1
      controller.abort(new Error('not wanted'))
      await put(objects)
    }
    await assert.rejects(rig.take(controller.signal), /not wanted/)
    assert.ok(taken < OBJECTS.length)
    assert.deepEqual(rig.asked, [1, 0])
  })

  it('asks for a pack of MAX_PACK_BYTES, and for none larger', async () => {
    const rig = new Rig(GOOD)
    for (const sizeBytes of [MAX_PACK_BYTES, MAX_PACK_BYTES + 1])
      assert.equal(await rig.taker.take({ ...rig.pack, sizeBytes }, SIGNAL), false)
    assert.deepEqual(rig.asked, [1])
  })
})
