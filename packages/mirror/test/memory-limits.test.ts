import { NoSpaceError } from '@jarswarm/ports'
import { parsePath } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { ManualClock, MemoryBlobStore, MemoryProxyCache, RecordingLogger } from '@jarswarm/testkit'
import PQueue from 'p-queue'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { LanShelf } from '../src/index.ts'
import {
  MAX_ACCOUNTS,
  MAX_NAMED_BLOBS,
  MAX_ROOT_SEARCHES,
  MAX_WAITING_SEARCHES,
  VERIFICATION_BURST,
} from '../src/limits.ts'
import {
  MAX_ARRIVED_BYTES,
  MAX_BYTES_AHEAD,
  MAX_FILES_AHEAD,
  MAX_STORING_FILES,
  MAX_WALKS,
} from '../src/prefetch/limits.ts'
import { MAX_HEAP_BYTES, MAX_MISSES, MAX_UNSTORED_BYTES } from '../src/proxy/limits.ts'
import { ArrivedFiles } from '../src/prefetch/arrived-files.ts'
import { FileBringer } from '../src/prefetch/file-bringer.ts'
import type { PrefetchSource } from '../src/prefetch/prefetch-source.ts'
import { PrefetchRoom } from '../src/prefetch/prefetch-room.ts'
import { PrefetchSession } from '../src/prefetch/prefetch-session.ts'
import { PrefetchTally } from '../src/prefetch/prefetch-tally.ts'
import { HeapBudget } from '../src/proxy/heap-budget.ts'
import { Misses } from '../src/proxy/misses.ts'
import { UnstoredFiles } from '../src/proxy/unstored-files.ts'
import { RootSearch } from '../src/trust/root-search.ts'
import { VerificationBudget } from '../src/trust/verification-budget.ts'

const digestOf = (number: number): string =>
  createHash('sha256').update(String(number)).digest('hex')

function times(count: number, task: (number: number) => void): void {
  for (let number = 0; number < count; number += 1) task(number)
}

describe('VerificationBudget', () => {
  it('grants VERIFICATION_BURST at once, and then one a second', () => {
    const clock = new ManualClock()
    const budget = new VerificationBudget({ clock })
    times(VERIFICATION_BURST, () => {
      assert.ok(budget.take('peer'))
    })
    assert.ok(!budget.take('peer'))
    clock.advance(1_000)
    assert.ok(budget.take('peer'))
    assert.ok(!budget.take('peer'))
  })

  it('keeps account of MAX_ACCOUNTS, and forgets who was asked for longest ago', () => {
    const budget = new VerificationBudget({ clock: new ManualClock() })
    times(VERIFICATION_BURST, () => budget.take('first'))
    times(MAX_ACCOUNTS - 1, (number) => budget.take(`peer ${String(number)}`))
    assert.ok(!budget.take('first'))
    times(MAX_ACCOUNTS, (number) => budget.take(`other ${String(number)}`))
    assert.ok(budget.take('first'))
  })
})

describe('RootSearch', () => {
  it('searches for MAX_ROOT_SEARCHES, lets MAX_WAITING_SEARCHES wait, and leaves out the rest', async () => {
    let searches = 0
    const stop = new AbortController()
    const search = new RootSearch(
      {
        clock: new ManualClock(),
        logger: new RecordingLogger(),
        rootCandidates: (_number, { signal }) => {
          searches += 1
          return silent(signal)
        },
      },
      { id: 'a'.repeat(64), signal: stop.signal },
    )
    const ask = () => search.rootsFor(new Uint8Array(), { record: undefined, first: 'peer' })
    const taken = Array.from({ length: MAX_ROOT_SEARCHES + MAX_WAITING_SEARCHES }, ask)
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(searches, MAX_ROOT_SEARCHES)
    assert.equal(await ask(), undefined)
    assert.equal(searches, MAX_ROOT_SEARCHES)
    stop.abort(new Error('the test is over'))
    assert.deepEqual(new Set(await Promise.all(taken)), new Set([undefined]))
  })
})

/** A source that never gives anything. */
function silent(signal: AbortSignal): AsyncIterable<Uint8Array> {
  const next = () =>
    new Promise<IteratorResult<Uint8Array>>((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error)
      })
    })
  return { [Symbol.asyncIterator]: () => ({ next }) }
}

describe('HeapBudget', () => {
  it('lends MAX_HEAP_BYTES, and no more', () => {
    const budget = new HeapBudget()
    budget.take(MAX_HEAP_BYTES)
    assert.throws(() => {
      budget.take(1)
    }, NoSpaceError)
    budget.give(1)
    budget.take(1)
  })
})

describe('Misses', () => {
  it('remembers MAX_MISSES, and forgets what was asked for longest ago', () => {
    const misses = new Misses(new ManualClock())
    times(MAX_MISSES, (number) => {
      misses.add(String(number), 1_000)
    })
    assert.ok(misses.has('0'))
    misses.add('one more', 1_000)
    assert.ok(misses.has('0'))
    assert.ok(!misses.has('1'))
  })
})

describe('UnstoredFiles', () => {
  it('keeps MAX_UNSTORED_BYTES, and drops what was used longest ago', () => {
    const files = new UnstoredFiles()
    files.add(digestOf(1), new Uint8Array(MAX_UNSTORED_BYTES / 2))
    files.add(digestOf(2), new Uint8Array(MAX_UNSTORED_BYTES / 2))
    assert.ok(files.has(digestOf(1)))
    files.add(digestOf(3), new Uint8Array(1))
    assert.ok(!files.has(digestOf(1)))
    assert.ok(files.has(digestOf(2)))
  })
})

describe('LanShelf', () => {
  it('gives MAX_NAMED_BLOBS that it named, and those no more that it named before', async () => {
    const blobs = new MemoryBlobStore()
    const has = new Set<string>()
    blobs.has = (digest) => Promise.resolve(has.has(digest))
    const cache = new MemoryProxyCache()
    const digests: string[] = []
    cache.get = (path) => {
      const digest = digestOf(Number(path.slice(2)))
      return Promise.resolve({ digest, sizeBytes: 1 } as Awaited<ReturnType<typeof cache.get>>)
    }
    let reads = 0
    blobs.stat = () => {
      reads += 1
      return Promise.resolve(undefined)
    }
    const id = 'a'.repeat(64)
    const shelf = new LanShelf({ blobs, caches: new Map([[id, cache]]) })
    for (let number = 0; number <= MAX_NAMED_BLOBS; number += 1) {
      const digest = digestOf(number)
      digests.push(digest)
      has.add(digest)
      const checksum = { kind: 'sha256', hex: digest } as const
      assert.ok(await shelf.find(id, { path: `g/${String(number)}`, checksum }))
    }
    for (const digest of digests.slice(0, 2))
      await shelf.readBlob(id, digest, { offset: 0, length: 1 })
    assert.equal(reads, 1)
  })
})

describe('fetching ahead', () => {
  function bringing(source: PrefetchSource) {
    const clock = new ManualClock()
    const components = {
      sources: () => [source],
      queue: new PQueue(),
      tally: new PrefetchTally(),
      arrived: new ArrivedFiles(),
      room: new PrefetchRoom({ blobs: new MemoryBlobStore(), clock }),
      clock,
      logger: new RecordingLogger(),
    }
    return components
  }

  /** How many files of a size may be fetched, of so many that are wanted. */
  async function allowed(count: number, sizeBytes: number): Promise<number> {
    let begun = 0
    const source = {
      bring: (_path: RepositoryPath, { allow }: { allow: (size: number) => boolean }) => {
        if (allow(sizeBytes)) begun += 1
        return Promise.resolve({ entry: { sizeBytes } })
      },
    } as unknown as PrefetchSource
    const files = new FileBringer(bringing(source), {
      signal: new AbortController().signal,
      onHopeless: () => undefined,
    })
    files.refill()
    for (let number = 0; number < count; number += 1)
      await files.bring(parsePath(`g/${String(number)}`), 0)
    return begun
  }

  it('brings MAX_FILES_AHEAD, and no more', async () => {
    assert.equal(await allowed(MAX_FILES_AHEAD + 2, 1), MAX_FILES_AHEAD)
  })

  it('brings MAX_BYTES_AHEAD, and no more', async () => {
    assert.equal(await allowed(6, MAX_BYTES_AHEAD / 4), 4)
  })

  it('lets MAX_STORING_FILES wait for the disk, and waits for it itself with one more', async () => {
    const files = new ArrivedFiles()
    const disk = Promise.withResolvers<undefined>()
    let waiting = 0
    const add = async (number: number): Promise<void> => {
      waiting += 1
      await files.add(digestOf(number), { bytes: Uint8Array.of(1), stored: disk.promise })
      waiting -= 1
    }
    times(MAX_STORING_FILES, (number) => void add(number))
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(waiting, 0)
    void add(MAX_STORING_FILES)
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(waiting, 1)
    disk.resolve(undefined)
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(waiting, 0)
    await add(0)
  })

  it('keeps MAX_ARRIVED_BYTES in memory, and drops what came first', async () => {
    const files = new ArrivedFiles()
    const quarter = new Uint8Array(MAX_ARRIVED_BYTES / 4)
    for (let number = 0; number < 5; number += 1)
      await files.add(digestOf(number), { bytes: quarter, stored: Promise.resolve() })
    assert.equal(files.take(digestOf(0)), undefined)
    assert.equal(files.take(digestOf(1))?.length, quarter.length)
  })

  it('walks MAX_WALKS closures at a time', async () => {
    const asked = new Set<RepositoryPath>()
    const gate = Promise.withResolvers<undefined>()
    const source = {
      bring: async (path: RepositoryPath) => {
        asked.add(path)
        await gate.promise
        return undefined
      },
    } as unknown as PrefetchSource
    const session = new PrefetchSession(bringing(source), () => undefined)
    times(MAX_WALKS + 3, (number) => {
      const artifact = `a${String(number)}`
      const path = parsePath(`g/${artifact}/1/${artifact}-1.pom`)
      const pom = { group: 'g', artifact, version: '1', extension: 'pom', classifier: undefined }
      session.begin(pom as never, { repository: 'r', path, source: 'origin' } as never)
    })
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal([...asked].filter((path) => path.endsWith('.pom')).length, MAX_WALKS)
    gate.resolve(undefined)
    await session.end(new Error('the test is over'))
  })
})
