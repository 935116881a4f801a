import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { cutTornLogs, openSound, tornLogs } from '@jarswarm/files'
import { Level } from 'level'
import { CrashedDatabase } from './_crashed-database.ts'
import type { CrashedHistory } from './_crashed-database.ts'

const PAGE_BYTES = 4_096
const SECTOR_BYTES = 512
/** The first two in the first block of the journal, the last in a later one. */
const HISTORY: CrashedHistory = [100, 20_000, 50_000, 300]

async function withoutSecondPage(database: CrashedDatabase): Promise<string> {
  const name = await database.nameOf(/\.log$/)
  await database.write(name, (await database.read(name)).fill(0, PAGE_BYTES, 2 * PAGE_BYTES))
  return join(database.location, name)
}

async function keysIn(level: Level): Promise<string[]> {
  const keys = await level.keys().all()
  await level.close()
  return keys
}

async function opened(location: string): Promise<Level> {
  const level = new Level(location)
  await level.open()
  return level
}

describe('tornLogs', () => {
  it('finds nothing in what a kill leaves, nor where there is no database', async (t) => {
    const { location } = await CrashedDatabase.create(t, [100, 'flush', 200])
    assert.deepEqual(await tornLogs(location), [])
    assert.deepEqual(await tornLogs(join(location, 'none')), [])
  })

  it('finds a torn journal, of which LevelDB would have what came later', async (t) => {
    const database = await CrashedDatabase.create(t, HISTORY)
    const path = await withoutSecondPage(database)
    assert.deepEqual(
      (await tornLogs(database.location)).map((log) => log.path),
      [path],
    )
    assert.deepEqual(await keysIn(await opened(database.location)), ['0', '3'])
  })

  it('finds a torn MANIFEST, and cuts it where it is torn', async (t) => {
    const flushes = Array.from({ length: 40 }, (_, at) => [at + 1, 'flush'] as const)
    const database = await CrashedDatabase.create(t, flushes.flat())
    const name = await database.nameOf(/^MANIFEST/)
    const manifest = await database.read(name)
    assert.ok(manifest.length > 2 * SECTOR_BYTES)
    await database.write(name, manifest.fill(0, SECTOR_BYTES, 2 * SECTOR_BYTES))
    const [torn, ...others] = await tornLogs(database.location)
    assert.ok(torn)
    assert.deepEqual(others, [])
    assert.equal(torn.path, join(database.location, name))
    await cutTornLogs([torn])
    assert.equal((await database.read(name)).length, torn.wholeBytes)
    assert.deepEqual(await tornLogs(database.location), [])
  })
})

describe('openSound after a power cut', () => {
  it('leaves out what a power cut tore, and all that came later', async (t) => {
    const database = await CrashedDatabase.create(t, HISTORY)
    await withoutSecondPage(database)
    const level = await openSound(database.location, () => opened(database.location))
    assert.deepEqual(await keysIn(level), ['0'])
  })
})
