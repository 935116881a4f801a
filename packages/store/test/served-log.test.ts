import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { parsePath } from '@jarswarm/maven'
import { Database } from '../src/database.ts'
import { openDataDirectory } from '../src/index.ts'
import { LevelServedLog } from '../src/level-served-log.ts'

const ID = 'a'.repeat(64)
const path = (name: string) => parsePath(`org/example/${name}`)

describe('LevelServedLog', () => {
  it('remembers when a file went out first and last, over restarts', async (t) => {
    const root = await mkdtemp(join(tmpdir(), 'jarswarm-served-'))
    t.after(() => rm(root, { recursive: true, force: true }))
    {
      await using directory = await openDataDirectory(root)
      const log = directory.served(ID)
      assert.equal(await log.find(path('a.jar')), undefined)
      log.note(path('a.jar'), 1_000)
      log.note(path('a.jar'), 2_000)
      assert.deepEqual(await log.find(path('a.jar')), { firstMs: 1_000, lastMs: 2_000 })
    }
    await using directory = await openDataDirectory(root)
    const log = directory.served(ID)
    assert.deepEqual(await log.find(path('a.jar')), { firstMs: 1_000, lastMs: 2_000 })
    log.note(path('a.jar'), 3_000)
    assert.deepEqual(await log.find(path('a.jar')), { firstMs: 1_000, lastMs: 3_000 })
    await log.flush()
    assert.deepEqual(await log.find(path('a.jar')), { firstMs: 1_000, lastMs: 3_000 })
    assert.equal(await directory.served('b'.repeat(64)).find(path('a.jar')), undefined)
  })

  it('forgets what went out longest ago when there is too much', async (t) => {
    const root = await mkdtemp(join(tmpdir(), 'jarswarm-served-'))
    t.after(() => rm(root, { recursive: true, force: true }))
    const database = await Database.open(join(root, 'db'))
    t.after(() => database.close())
    const log = new LevelServedLog({ database }, { repository: ID, maxPaths: 10 })
    for (let n = 0; n < 10; n += 1) log.note(path(`${String(n)}.jar`), 1_000 + n)
    await log.flush()
    assert.ok(await log.find(path('0.jar')))
    log.note(path('10.jar'), 2_000)
    await log.flush()
    assert.equal(await log.find(path('0.jar')), undefined)
    assert.equal(await log.find(path('1.jar')), undefined)
    assert.ok(await log.find(path('2.jar')))
    assert.ok(await log.find(path('10.jar')))
  })
})
