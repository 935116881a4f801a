import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { parsePath } from '@jarswarm/maven'
import { MAX_ACCEPTED_HEADS, MAX_SERVED_PATHS, NoSpaceError } from '@jarswarm/ports'
import { BlobCommits } from '../src/blob-commits.ts'
import { BlobFiles } from '../src/blob-files.ts'
import { BlobRecords } from '../src/blob-records.ts'
import { BlobSpace } from '../src/blob-space.ts'
import type { Database, TableChange } from '../src/database.ts'
import type { FileSystem, OpenFile } from '../src/file-system.ts'
import { LevelHistoryStore } from '../src/level-history-store.ts'
import { LevelServedLog } from '../src/level-served-log.ts'
import {
  DEFAULT_QUOTA_BYTES,
  FREE_SHARE,
  MAX_BLOBS_IN_MAKING,
  MAX_FREE_FLOOR_BYTES,
  MAX_GROUP_BLOBS,
  MAX_NOTED_PATHS,
  MAX_OPEN_READS,
  MAX_PENDING_TOUCHES,
} from '../src/limits.ts'
import { Mutex } from '../src/mutex.ts'
import { openTestDirectory } from './_data-directory.ts'

const digestOf = (number: number): string =>
  createHash('sha256').update(String(number)).digest('hex')

describe('BlobSpace', () => {
  /** Room on an otherwise empty volume where nothing may be evicted. */
  function spaceOf(
    volume: { totalBytes: number; freeBytes: number },
    quotaBytes = DEFAULT_QUOTA_BYTES,
  ): BlobSpace {
    const records = {
      totals: () => ({ blobs: 0, bytes: 0 }),
      flushTouches: () => Promise.resolve(),
      async *byAccess() {
        // There is nothing that could give way.
      },
    } as unknown as BlobRecords
    return new BlobSpace(
      {
        records,
        space: () => Promise.resolve(volume),
        clock: { now: () => 0 },
        isHeld: () => false,
        evict: async (select) => {
          await select()
        },
      },
      { quotaBytes },
    )
  }

  it('lends DEFAULT_QUOTA_BYTES, and no more', async () => {
    const space = spaceOf({ totalBytes: 1e15, freeBytes: 1e15 })
    const giveBack = await space.reserve(DEFAULT_QUOTA_BYTES)
    await assert.rejects(space.reserve(1), NoSpaceError)
    giveBack()
    await space.reserve(1)
  })

  it('leaves FREE_SHARE of a small volume', async () => {
    const space = spaceOf({ totalBytes: 1_000_000, freeBytes: 1_000_000 * FREE_SHARE + 10 })
    await space.reserve(10)
    await assert.rejects(space.reserve(1), NoSpaceError)
  })

  it('leaves MAX_FREE_FLOOR_BYTES of a large one', async () => {
    const space = spaceOf({ totalBytes: 1e15, freeBytes: MAX_FREE_FLOOR_BYTES + 10 })
    await space.reserve(10)
    await assert.rejects(space.reserve(1), NoSpaceError)
  })
})

describe('BlobFiles', () => {
  it('has MAX_OPEN_READS open at a time, and all of them in the end', async () => {
    let [open, most] = [0, 0]
    const gate = Promise.withResolvers<undefined>()
    const file = {
      read: async (bytes: Uint8Array) => {
        await gate.promise
        return bytes.length
      },
      close: () => {
        open -= 1
        return Promise.resolve()
      },
    } as unknown as OpenFile
    const files = {
      openToRead: () => {
        open += 1
        most = Math.max(most, open)
        return Promise.resolve(file)
      },
    } as unknown as FileSystem
    const blobs = new BlobFiles(files, '/data')
    const reads = Array.from({ length: 3 * MAX_OPEN_READS }, (_, number) =>
      blobs.read(digestOf(number), { offset: 0, length: 1 }),
    )
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(open, MAX_OPEN_READS)
    gate.resolve(undefined)
    assert.equal((await Promise.all(reads)).length, reads.length)
    assert.equal(most, MAX_OPEN_READS)
    assert.equal(open, 0)
  })
})

describe('a data directory', () => {
  it('has MAX_BLOBS_IN_MAKING, and begins no more until one of them ends', async (t) => {
    const opened = await openTestDirectory()
    t.after(() => opened.close())
    const { blobs } = opened.directory
    const create = (number: number) =>
      blobs.createWriter({ digest: digestOf(number), sizeBytes: 1 }, {})
    const writers = await Promise.all(
      Array.from({ length: MAX_BLOBS_IN_MAKING }, (_, number) => create(number)),
    )
    await assert.rejects(create(MAX_BLOBS_IN_MAKING), NoSpaceError)
    await writers[0]?.abort()
    const next = await create(MAX_BLOBS_IN_MAKING)
    await Promise.all([next, ...writers].map((writer) => writer.abort()))
  })
})

describe('BlobCommits', () => {
  it('gives MAX_GROUP_BLOBS their names at once, and the rest thereafter', async () => {
    const groups: number[] = []
    const files = {
      name: () => Promise.resolve(),
      syncFolder: () => Promise.resolve(),
    } as unknown as BlobFiles
    const records = {
      getMany: (digests: readonly string[]) => {
        groups.push(digests.length)
        return Promise.resolve(digests.map(() => undefined))
      },
      put: () => Promise.resolve(),
    } as unknown as BlobRecords
    const commits = new BlobCommits({
      files,
      records,
      changes: new Mutex(),
      added: () => undefined,
    })
    await Promise.all(
      Array.from({ length: MAX_GROUP_BLOBS + 1 }, (_, number) =>
        commits.commit({
          digest: digestOf(number),
          sizeBytes: 1,
          pinned: false,
          temporary: String(number),
        }),
      ),
    )
    assert.deepEqual(groups, [MAX_GROUP_BLOBS, 1])
  })
})

describe('BlobRecords', () => {
  it('notes MAX_PENDING_TOUCHES before they are written, and no more', async () => {
    let asked = 0
    const database = {
      getMany: (_table: unknown, keys: readonly string[]) => {
        asked = keys.length
        return Promise.resolve(keys.map(() => undefined))
      },
      write: () => Promise.resolve(),
    } as unknown as Database
    const records = new BlobRecords({ database, clock: { now: () => 1e12 } })
    const touch = (number: number): void => {
      records.touch(digestOf(number), { sizeBytes: 1, accessedMs: 0, pinned: false })
    }
    for (let number = 1; number < MAX_PENDING_TOUCHES; number += 1) touch(number)
    assert.equal(records.touchesAreDue, false)
    for (let number = 0; number < 5; number += 1) touch(MAX_PENDING_TOUCHES + number)
    assert.equal(records.touchesAreDue, true)
    await records.flushTouches()
    assert.equal(asked, MAX_PENDING_TOUCHES)
  })
})

describe('LevelServedLog', () => {
  it('notes MAX_NOTED_PATHS between two writes, and no more', async () => {
    const database = { get: () => Promise.resolve(undefined) } as unknown as Database
    const log = new LevelServedLog({ database }, { repository: 'a'.repeat(64) })
    const path = (number: number) => parsePath(`g/${String(number)}`)
    for (let number = 0; number <= MAX_NOTED_PATHS; number += 1) log.note(path(number), 1)
    assert.ok(await log.find(path(MAX_NOTED_PATHS - 1)))
    assert.equal(await log.find(path(MAX_NOTED_PATHS)), undefined)
  })

  /** How many paths are dropped when one more comes to so many that are written. */
  async function dropped(written: number): Promise<number> {
    let removed = 0
    const database = {
      get: () => Promise.resolve(undefined),
      async *entries() {
        await Promise.resolve()
        for (let number = 0; number < written; number += 1)
          yield [String(number), `1 ${String(number)}`]
      },
      write: (changes: readonly TableChange[]) => {
        removed += changes.filter(({ value }) => value === undefined).length
        return Promise.resolve()
      },
    } as unknown as Database
    const log = new LevelServedLog({ database }, { repository: 'a'.repeat(64) })
    log.note(parsePath('g/new'), 1)
    await log.flush()
    return removed
  }

  it('keeps MAX_SERVED_PATHS written, and drops those asked for longest ago', async () => {
    assert.ok((await dropped(MAX_SERVED_PATHS)) > 0)
  })
})

describe('LevelHistoryStore', () => {
  /** Heads that give way when one more comes to so many. */
  async function givingWay(heads: number): Promise<readonly string[]> {
    const gone: string[] = []
    const database = {
      get: () => Promise.resolve(undefined),
      cursor: () => {
        let at = 0
        return {
          next: () => Promise.resolve(at < heads ? String(at++) : undefined),
          close: () => Promise.resolve(),
        }
      },
      write: (changes: readonly TableChange[]) => {
        gone.push(...changes.filter(({ value }) => value === undefined).map(({ key }) => key))
        return Promise.resolve()
      },
    } as unknown as Database
    const history = new LevelHistoryStore({ database }, { repository: 'a'.repeat(64) })
    await history.accept({
      manifest: new Uint8Array(),
      head: { seq: heads },
      gone: [],
      replayed: false,
      unproven: new Uint8Array(),
    } as never)
    return gone
  }

  it('keeps MAX_ACCEPTED_HEADS, and the oldest gives way', async () => {
    assert.deepEqual(await givingWay(MAX_ACCEPTED_HEADS - 1), [])
    assert.deepEqual(await givingWay(MAX_ACCEPTED_HEADS), ['0'])
  })
})
