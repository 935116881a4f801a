/** What the disk can do to history and evidence. */
import { sha256 } from '@jarswarm/manifest'
import { NoSpaceError } from '@jarswarm/ports'
import type { AcceptedHead } from '@jarswarm/ports'
import { nodeFileSystem, openDataDirectory, StorageFailedError } from '@jarswarm/store'
import { Level } from 'level'
import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Database } from '../src/database.ts'
import { textTable } from '../src/table.ts'
import { MAX_EVIDENCE_FILES } from '../src/limits.ts'
import { LevelHistoryStore } from '../src/level-history-store.ts'
import { makeRoot, openTestDirectory } from './_data-directory.ts'
import { FaultyFiles } from './_faulty-files.ts'

const REPOSITORY = 'a'.repeat(64)
const HEAD: AcceptedHead = {
  seq: 1,
  issued: '2026-01-01T00:00:00Z',
  size: 2,
  root: sha256(Uint8Array.of(1)),
}
const STEP = { manifest: Uint8Array.of(1), head: HEAD, gone: [], replayed: true }

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('the history on a disk that fails', () => {
  it('is what it was before a step that did not fit on the disk', async (t) => {
    const root = await makeRoot()
    t.after(() => rm(root, { recursive: true }))
    let isFull = false
    const openLevel = async (location: string): Promise<Level> => {
      const level = new Level(location)
      await level.open()
      const batch = level.batch.bind(level)
      const failing = (...args: Parameters<typeof batch>): unknown =>
        isFull ? Promise.reject(new Error('IO error: No space left on device')) : batch(...args)
      return Object.assign(level, { batch: failing })
    }
    const database = await Database.open(join(root, 'db'), { openLevel })
    t.after(() => database.close())
    const store = new LevelHistoryStore({ database }, { repository: REPOSITORY })
    await store.accept(STEP)
    isFull = true
    const next = { ...STEP, head: { ...HEAD, seq: 2 } }
    await assert.rejects(store.accept(next), NoSpaceError)
    await assert.rejects(
      store.writeTile({ level: 0, index: 0, width: 1 }, Uint8Array.of(1)),
      NoSpaceError,
    )
    assert.deepEqual((await store.lastStep())?.head, HEAD)
    isFull = false
    await store.accept(next)
    assert.equal((await store.lastStep())?.head.seq, 2)
  })

  it('takes damaged records as not here', async (t) => {
    const root = await makeRoot()
    t.after(() => rm(root, { recursive: true }))
    const database = await Database.open(join(root, 'db'))
    t.after(() => database.close())
    const store = new LevelHistoryStore({ database }, { repository: REPOSITORY })
    await store.accept(STEP)
    const heads = textTable('history', REPOSITORY, 'head')
    const state = textTable('history', REPOSITORY, 'state')
    const damaged = ['{', '{}', 'null', '[]', `{"head":${JSON.stringify(HEAD)}}`]
    damaged.push(JSON.stringify({ head: { ...HEAD, root: 'x' }, replayed: true }))
    damaged.push(JSON.stringify({ head: { ...HEAD, size: -0.5 }, replayed: true }))
    for (const [place, value] of damaged.entries()) {
      const key = String(place + 2).padStart(16, '0')
      await database.write(
        [
          { table: state, key: 'last', value },
          { table: heads, key, value },
        ],
        { sync: false },
      )
      assert.equal(await store.lastStep(), undefined, value)
    }
    const found = []
    for await (const head of store.heads()) found.push(head)
    assert.deepEqual(found, [HEAD])
  })

  it('is there after the directory was opened anew', async (t) => {
    const root = await makeRoot()
    t.after(() => rm(root, { recursive: true }))
    for (const expected of [undefined, HEAD]) {
      const directory = await openDataDirectory(root, { freeFloorBytes: 0 })
      const store = directory.history(REPOSITORY)
      assert.deepEqual((await store.lastStep())?.head, expected)
      if (expected === undefined) await store.accept(STEP)
      await directory.close()
    }
  })
})

describe('evidence on a disk that fails', () => {
  for (const { code, type } of [
    { code: 'ENOSPC', type: NoSpaceError },
    { code: 'EIO', type: StorageFailedError },
  ]) {
    for (const call of ['makeDirectory', 'create', 'write', 'sync', 'rename'] as const) {
      it(`is whole or not there when ${call} fails with ${code}`, async (t) => {
        const files = new FaultyFiles()
        const opened = await openTestDirectory({}, { files })
        t.after(() => opened.close())
        const store = opened.directory.evidence(REPOSITORY)
        files.break({ call, path: '/evidence', code, times: 1 })
        await assert.rejects(store.add('two-stories', bytesOf('x')), type)
        assert.equal(files.struck, 1)
        assert.deepEqual(await store.list(), [])
        const name = await store.add('two-stories', bytesOf('x'))
        assert.deepEqual(await readdir(join(opened.root, 'evidence')), [name])
      })
    }
  }

  it('says that the directory cannot be read', async (t) => {
    const files = new FaultyFiles()
    const opened = await openTestDirectory({}, { files })
    t.after(() => opened.close())
    files.break({ call: 'names', path: '/evidence', code: 'EIO' })
    await assert.rejects(opened.directory.evidence(REPOSITORY).list(), StorageFailedError)
  })

  it('lists only its own repository’s files, whatever else is there', async (t) => {
    const opened = await openTestDirectory()
    t.after(() => opened.close())
    await mkdir(join(opened.root, 'evidence'))
    const other = await opened.directory.evidence('b'.repeat(64)).add('two-roots', bytesOf('x'))
    const own = await opened.directory.evidence(REPOSITORY).add('two-roots', bytesOf('x'))
    await writeFile(join(opened.root, 'evidence', `${own}.tmp`), 'torn')
    assert.deepEqual(await opened.directory.evidence(REPOSITORY).list(), [own])
    assert.notEqual(own, other)
  })

  it('keeps what is brought again in place of a damaged file', async (t) => {
    const opened = await openTestDirectory()
    t.after(() => opened.close())
    const store = opened.directory.evidence(REPOSITORY)
    const bytes = Buffer.from('what was signed twice')
    const name = await store.add('two-stories', bytes)
    const file = join(opened.root, 'evidence', name)
    for (const damaged of ['what was signed twicE', 'what', '']) {
      await writeFile(file, damaged)
      assert.equal(await store.add('two-stories', bytes), name)
      assert.deepEqual(await readFile(file), bytes)
    }
  })

  it('keeps MAX_EVIDENCE_FILES of a repository', async (t) => {
    const opened = await openTestDirectory({}, { files: nodeFileSystem })
    t.after(() => opened.close())
    const store = opened.directory.evidence(REPOSITORY)
    for (let i = 0; i < MAX_EVIDENCE_FILES; i += 1) {
      await store.add('two-stories', bytesOf(String(i)))
    }
    await assert.rejects(store.add('two-stories', bytesOf('one more')), NoSpaceError)
    assert.equal((await store.list()).length, MAX_EVIDENCE_FILES)
    await store.add('two-stories', bytesOf('0'))
  })
})
