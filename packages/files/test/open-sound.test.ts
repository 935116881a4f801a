import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { CorruptFileError, DatabaseFailedError, openSound } from '@jarswarm/files'
import { Level } from 'level'
import { CrashedDatabase } from './_crashed-database.ts'

async function open(location: string): Promise<Level> {
  const level = new Level(location)
  await level.open()
  return level
}

/** Expects a refusal that names a file. */
async function refused(database: CrashedDatabase, name: string): Promise<void> {
  const { location } = database
  await assert.rejects(
    openSound(location, () => open(location)),
    (error) => error instanceof CorruptFileError && error.message.includes(join(location, name)),
  )
}

describe('openSound', () => {
  it('opens a sound database, and one that is not there yet', async (t) => {
    const { location } = await CrashedDatabase.create(t, [100])
    for (const place of [location, join(location, 'none')]) {
      await (await openSound(place, () => open(place))).close()
    }
  })

  it('says which database the disk failed, and how', async (t) => {
    const { location } = await CrashedDatabase.create(t, [100])
    const cause = new Error('IO error: Input/output error')
    const failed = new Error('Database failed to open', { cause })
    await assert.rejects(
      openSound(location, () => Promise.reject(failed)),
      (error) =>
        error instanceof DatabaseFailedError &&
        error.message.includes(location) &&
        error.message.includes('Input/output error'),
    )
  })

  it('refuses a damaged file by its name, and does not let LevelDB come near it', async (t) => {
    const database = await CrashedDatabase.create(t, [100, 200])
    const name = await database.nameOf(/\.log$/)
    await database.write(name, (await database.read(name)).fill(0, 0, 7))
    let asked = 0
    const { location } = database
    await assert.rejects(
      openSound(location, () => Promise.resolve((asked += 1))),
      CorruptFileError,
    )
    assert.equal(asked, 0)
    await refused(database, name)
  })

  it('says the same of what LevelDB refuses: a CURRENT that makes no sense, a file that is gone', async (t) => {
    const spoilt = await CrashedDatabase.create(t, [100])
    await spoilt.write('CURRENT', Buffer.from('nothing'))
    await refused(spoilt, '')
    const less = await CrashedDatabase.create(t, [100, 'flush'])
    await rm(join(less.location, await less.nameOf(/\.ldb$/)))
    await refused(less, '')
  })

  it('takes no other failure for damage', async (t) => {
    const { location } = await CrashedDatabase.create(t, [100])
    const level = await open(location)
    await assert.rejects(
      openSound(location, () => open(location)),
      (error) => !(error instanceof CorruptFileError),
    )
    await level.close()
  })
})
