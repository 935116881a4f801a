import type { Head, IndexEntry } from '@jarswarm/manifest'
import { parsePath } from '@jarswarm/maven'
import { NoSpaceError } from '@jarswarm/ports'
import type { BlobStore, EvidenceStore, IndexStore, ProxyCache, Swarm } from '@jarswarm/ports'
import { ManualClock, RecordingLogger } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { BlobFetcher } from '../src/fetch/blob-fetcher.ts'
import { EvidenceRecorder } from '../src/history/evidence-recorder.ts'
import {
  MAX_HELD_BLOBS,
  MAX_NAMED_WITHDRAWALS,
  MAX_REMEMBERED_CHANGES,
  MAX_SEEN_CONTRADICTIONS,
  MAX_UNLISTED_BLOBS,
} from '../src/limits.ts'
import {
  MAX_DOCUMENT_BYTES,
  MAX_MISSED_FILES,
  MAX_REMEMBERED_DEPENDENCIES,
} from '../src/prefetch/limits.ts'
import { MAX_REMEMBERED_FILES, MAX_SCANNED_RECORDS } from '../src/proxy/limits.ts'
import { ClientOrder } from '../src/prefetch/client-order.ts'
import type { FileBringer } from '../src/prefetch/file-bringer.ts'
import { PomLibrary } from '../src/prefetch/pom-library.ts'
import { listCached } from '../src/proxy/cache-upkeep.ts'
import { HeldBlobs } from '../src/share/held-blobs.ts'
import { MirrorFill } from '../src/share/mirror-fill.ts'
import { WithdrawalWatch } from '../src/withdrawal/withdrawal-watch.ts'
import type { WithdrawalWatchComponents } from '../src/withdrawal/withdrawal-watch.ts'
import { createProxyRig, read, waitFor } from './_proxy-rig.ts'

const PATH = parsePath('g/a/1/a-1.jar')
const bytesOf = (number: number): Uint8Array => Buffer.from(String(number))
/** Distinct in its first twelve digits, as those of real files are. */
const digestOf = (number: number): string => number.toString(16).padStart(12, '0')

describe('EvidenceRecorder', () => {
  it('remembers MAX_SEEN_CONTRADICTIONS, and begins anew then', async () => {
    const logger = new RecordingLogger()
    const recorder = new EvidenceRecorder(
      { evidence: {} as EvidenceStore, logger },
      { name: 'demo' },
    )
    const meet = async (number: number): Promise<number> => {
      await recorder.contradiction({ trusted: bytesOf(0), other: bytesOf(number) }, [])
      return logger.lines.length
    }
    for (let number = 1; number <= MAX_SEEN_CONTRADICTIONS; number += 1) await meet(number)
    assert.equal(await meet(1), MAX_SEEN_CONTRADICTIONS)
    assert.equal(await meet(MAX_SEEN_CONTRADICTIONS + 1), MAX_SEEN_CONTRADICTIONS + 1)
    assert.equal(await meet(1), MAX_SEEN_CONTRADICTIONS + 2)
  })
})

describe('HeldBlobs', () => {
  it('gives MAX_UNLISTED_BLOBS beyond those that it can list, and no more', (t) => {
    // Each counts as a thousand, for millions take seconds.
    for (const collection of [Set, Map]) {
      const size = Reflect.getOwnPropertyDescriptor(collection.prototype, 'size')?.get
      t.mock.getter(collection.prototype, 'size', function (this: unknown) {
        return 1_000 * Number(size?.call(this))
      })
    }
    const held = new HeldBlobs({
      blobs: {} as BlobStore,
      index: {} as IndexStore,
      isWithdrawn: () => false,
    })
    const bound = (MAX_HELD_BLOBS + MAX_UNLISTED_BLOBS) / 1_000
    for (let number = 0; number <= bound; number += 1)
      held.add({ path: PATH, digest: digestOf(number) } as IndexEntry)
    assert.ok(held.has(digestOf(bound - 1)))
    assert.ok(!held.has(digestOf(bound)))
  })
})

describe('MirrorFill', () => {
  it('remembers MAX_REMEMBERED_CHANGES, and goes through all paths after more', async () => {
    let listed = 0
    const index = {
      async *listEntries() {
        await Promise.resolve()
        listed += 1
        yield* []
      },
    } as unknown as IndexStore
    let completed = 0
    const fill = new MirrorFill(
      {
        index,
        fetcher: {} as unknown as BlobFetcher,
        swarm: { peerId: 'own' } as unknown as Swarm,
        isUnwanted: () => true,
        clock: new ManualClock(),
        logger: new RecordingLogger(),
        onComplete: () => (completed += 1),
      },
      { repository: '', policy: 'all' },
    )
    const round = async (changes: number): Promise<void> => {
      for (let change = 0; change < changes; change += 1) {
        const path = parsePath(`g/a/${String(change)}/a-${String(change)}.jar`)
        fill.changed(path, { path, digest: digestOf(change) } as IndexEntry)
      }
      const before = completed
      fill.follow({} as Head)
      await waitFor(() => completed > before)
    }
    await round(0)
    await round(MAX_REMEMBERED_CHANGES)
    assert.equal(listed, 1)
    await round(MAX_REMEMBERED_CHANGES + 1)
    assert.equal(listed, 2)
    await fill.stop()
  })

  it('ends a round early on a full disk, though a neighbour claims every file', async () => {
    const files = 1_000
    let fetched = 0
    const clock = new ManualClock()
    const fill = new MirrorFill(
      {
        index: {
          async *listEntries() {
            await Promise.resolve()
            for (let file = 0; file < files; file += 1) yield { path: PATH, digest: digestOf(file) }
          },
        } as unknown as IndexStore,
        fetcher: {
          hasClaimant: () => true,
          hasSource: () => true,
          isStored: () => Promise.resolve(false),
          store: () => {
            fetched += 1
            return Promise.reject(new NoSpaceError('Cannot store: the disk is full'))
          },
        } as unknown as BlobFetcher,
        swarm: { peerId: 'own', followers: () => ['other'] } as unknown as Swarm,
        isUnwanted: () => false,
        clock,
        logger: new RecordingLogger(),
        onComplete: () => undefined,
      },
      { repository: '', policy: 'all' },
    )
    fill.follow({ seq: 1 } as Head)
    // The next round is set for later.
    await waitFor(() => clock.pendingTimers > 0)
    assert.ok(fetched < 200, String(fetched))
    await fill.stop()
  })
})

describe('WithdrawalWatch', () => {
  it('names MAX_NAMED_WITHDRAWALS, and counts all', async () => {
    const logger = new RecordingLogger()
    const all = Array.from({ length: MAX_NAMED_WITHDRAWALS + 5 }, (_, at) => ({
      path: parsePath(`g/${String(at)}`),
      digest: digestOf(at),
      issuedSeconds: 0,
    }))
    const components = {
      book: { all },
      board: { removed: () => false },
      fetcher: { withdrawn: () => undefined },
      blobs: { setPinned: () => Promise.resolve() },
      served: { find: () => Promise.resolve(undefined) },
      clock: new ManualClock(),
      random: () => 0,
      logger,
    } as unknown as WithdrawalWatchComponents
    const watch = new WithdrawalWatch(components, { name: 'demo' })
    await watch.withdrawn(all as never)
    assert.equal(logger.lines.length, MAX_NAMED_WITHDRAWALS)
    const { count, files } = watch.status()
    assert.deepEqual([count, files.length], [all.length, MAX_NAMED_WITHDRAWALS])
  })
})

const METADATA = '<metadata><groupId>g</groupId><artifactId>a</artifactId></metadata>'

describe('PomLibrary', () => {
  /** A library of documents by their paths, and how many were fetched. */
  function libraryOf(documentAt: (path: string) => string | undefined) {
    let brought = 0
    const files = {
      bring: (path: string) => {
        brought += 1
        const document = documentAt(path)
        if (document === undefined) return Promise.resolve(undefined)
        const bytes = Buffer.from(document)
        const source = { read: () => Promise.resolve(bytes) }
        return Promise.resolve({ entry: { sizeBytes: bytes.length }, source })
      },
    } as unknown as FileBringer
    const library = new PomLibrary({ files, logger: new RecordingLogger() })
    return { library, brought: () => brought }
  }

  it('keeps MAX_DOCUMENT_BYTES parsed', async () => {
    const size = MAX_DOCUMENT_BYTES / 8
    const { library, brought } = libraryOf(() => METADATA.padEnd(size))
    const get = (number: number) => library.metadata({ group: 'g', artifact: `a${String(number)}` })
    for (let number = 0; number < 8; number += 1) await get(number)
    await get(0)
    assert.equal(brought(), 8)
    await get(8)
    await get(0)
    assert.equal(brought(), 9)
    await get(1)
    assert.equal(brought(), 10)
  })

  it('counts what could not be had in MAX_DOCUMENT_BYTES', async () => {
    const { library, brought } = libraryOf((path) =>
      path === 'g/a0/maven-metadata.xml' ? METADATA : undefined,
    )
    const get = (number: number) => library.metadata({ group: 'g', artifact: `a${String(number)}` })
    const misses = MAX_DOCUMENT_BYTES / 256
    for (let number = 0; number <= misses; number += 1) await get(number)
    await get(0)
    assert.equal(brought(), misses + 2)
  })

  it('keeps POMs of MAX_REMEMBERED_DEPENDENCIES understood', async () => {
    const each = 4_000
    const dependency = (_: unknown, at: number): string =>
      `<dependency><groupId>d</groupId><artifactId>${String(at)}</artifactId><version>1</version></dependency>`
    const dependencies = Array.from({ length: each - 1 }, dependency).join('')
    const coordinates = (artifact: string): string =>
      `<groupId>g</groupId><artifactId>${artifact}</artifactId><version>1</version>`
    // All of them inherit from one parent, which is parsed once.
    const { library } = libraryOf((path) =>
      path.includes('parent')
        ? `<project>${coordinates('parent')}<dependencies>${dependencies}</dependencies></project>`
        : `<project><parent>${coordinates('parent')}</parent></project>`,
    )
    const id = (number: number) => ({ group: 'g', artifact: `a${String(number)}`, version: '1' })
    const count = MAX_REMEMBERED_DEPENDENCIES / each
    for (let number = 0; number < count; number += 1) await library.read(id(number))
    assert.ok(library.hasRead(id(0)))
    await library.read(id(count))
    assert.ok(!library.hasRead(id(0)))
    assert.ok(library.hasRead(id(1)))
  })
})

describe('ClientOrder', () => {
  /** Whether it is known that `a` is asked before `b`, after a file was missed in `a`, others too, and found in `b`. */
  function isKnown(others: number): boolean {
    const order = new ClientOrder()
    for (let number = 0; number <= others; number += 1)
      order.missed('a', parsePath(`g/${String(number)}`))
    order.found('b', parsePath('g/0'))
    return order.sort([{ id: 'b' }, { id: 'a' }], 'b')[0]?.id === 'a'
  }

  it('remembers MAX_MISSED_FILES, and forgets what was missed longest ago', () => {
    assert.ok(isKnown(MAX_MISSED_FILES - 1))
    assert.ok(!isKnown(MAX_MISSED_FILES))
  })
})

describe('listCached', () => {
  it('looks at MAX_SCANNED_RECORDS, and at no more', async () => {
    let scanned = 0
    const cache = {
      async *list() {
        await Promise.resolve()
        for (; ; scanned += 1) yield { path: 'g/a/1/a-1.jar' }
      },
    } as unknown as ProxyCache
    assert.deepEqual(await listCached(cache, 'g', { limit: 5_000 }), ['a/'])
    assert.equal(scanned, MAX_SCANNED_RECORDS - 1)
  })
})

describe('a proxied repository', () => {
  it('remembers MAX_REMEMBERED_FILES that nobody was given yet', async (t) => {
    const rig = createProxyRig(t)
    const path = (number: number): string => `g/${String(number)}/a-1.jar`
    for (let number = 0; number <= MAX_REMEMBERED_FILES; number += 1) {
      rig.origin.put(path(number), { bytes: bytesOf(number) })
      await rig.repository.resolve(parsePath(path(number)), {})
    }
    assert.equal((await read(rig, path(0))).source, 'store')
    assert.equal((await read(rig, path(1))).source, 'origin')
  })
})
