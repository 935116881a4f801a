import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { damagedFiles } from '@jarswarm/files'
import { Level } from 'level'
import { MAX_JOURNAL_BYTES } from '../src/limits.ts'
import { CrashedDatabase } from './_crashed-database.ts'

const FOOTER_BYTES = 48
/** Behind the handles of a footer, which are short in a small table, and before its magic number. */
const PADDING = { from: 12, to: 40 }
/** Prime, so that all parts of blocks come. */
const STRIDE = 197

async function damaged(location: string): Promise<string[]> {
  const names: string[] = []
  for await (const name of damagedFiles(location)) names.push(name)
  return names
}

/** Text that compresses, so that blocks come as Snappy, and the index does, too. Opening moves the journal into a table. */
async function fill(location: string): Promise<void> {
  for (const round of [1, 2, 3]) {
    const level = new Level(location)
    await level.open()
    const puts = Array.from({ length: 3_000 }, (_, at) => {
      const key = `org/example/${String(at).padStart(6, '0')}`
      return { type: 'put' as const, key, value: `${String(round * at)} ${'x'.repeat(at % 50)}` }
    })
    await level.batch(puts)
    await level.close()
  }
}

describe('damagedFiles', () => {
  let location: string
  let name: string
  let sound: Buffer
  before(async () => {
    location = await mkdtemp(join(tmpdir(), 'jarswarm-tables-'))
    await fill(location)
    const tables = (await readdir(location)).filter((file) => file.endsWith('.ldb'))
    name = tables.at(-1) ?? ''
    sound = await readFile(join(location, name))
  })
  after(() => rm(location, { recursive: true }))

  const withTable = async (bytes: Uint8Array): Promise<string[]> => {
    await writeFile(join(location, name), bytes)
    try {
      return await damaged(location)
    } finally {
      await writeFile(join(location, name), sound)
    }
  }

  it('finds nothing in what LevelDB wrote, and nothing where there is no database', async () => {
    assert.deepEqual(await damaged(location), [])
    assert.deepEqual(await damaged(join(location, 'none')), [])
  })

  it('finds a turned bit wherever it is', async () => {
    const footer = sound.length - FOOTER_BYTES
    const places = Array.from({ length: Math.ceil(sound.length / STRIDE) }, (_, at) => at * STRIDE)
    for (const at of [...places, sound.length - 1, footer]) {
      if (at >= footer + PADDING.from && at < footer + PADDING.to) continue
      const bytes = Buffer.from(sound)
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (at % 8)), at)
      assert.deepEqual(await withTable(bytes), [name], `bit at ${String(at)}`)
    }
  })

  it('finds zeroes, and a table that became shorter or longer', async () => {
    const zeroed = Buffer.from(sound).fill(0, 0, 4_096)
    for (const bytes of [
      zeroed,
      Buffer.alloc(sound.length),
      sound.subarray(0, -1),
      Buffer.alloc(0),
      Buffer.concat([sound, sound]),
    ]) {
      assert.deepEqual(await withTable(bytes), [name])
    }
  })

  it('leaves alone what does not belong to the database, as a crash in the midst of a compaction leaves it', async () => {
    const stray = join(location, '999999.ldb')
    await writeFile(stray, sound.subarray(0, 1_000))
    assert.deepEqual(await damaged(location), [])
    await rm(stray)
  })

  it('leaves to LevelDB what LevelDB refuses: a table or MANIFEST that is missing, a CURRENT that names none', async () => {
    await rm(join(location, name))
    assert.deepEqual(await damaged(location), [])
    await writeFile(join(location, name), sound)
    await writeFile(join(location, 'CURRENT'), 'MANIFEST-999999\n')
    assert.deepEqual(await damaged(location), [])
    await writeFile(join(location, 'CURRENT'), 'nothing')
    assert.deepEqual(await damaged(location), [])
  })
})

describe('damagedFiles after a crash', () => {
  it('finds a damaged journal, and the one before it, whose table is not finished', async (t) => {
    const database = await CrashedDatabase.create(t, [100, 200])
    const name = await database.nameOf(/\.log$/)
    const sound = await database.read(name)
    assert.deepEqual(await database.damaged(), [])
    const bytes = Buffer.from(sound).fill(0, 0, 7)
    await database.write(name, bytes)
    assert.deepEqual(await database.damaged(), [name])
    await database.write(name, sound)
    await database.write('000099.log', bytes)
    assert.deepEqual(await database.damaged(), ['000099.log'])
  })

  it('leaves alone a journal that is in the tables already', async (t) => {
    const database = await CrashedDatabase.create(t, [100, 'flush', 200])
    await database.write('000001.log', Buffer.alloc(100, 1))
    assert.deepEqual(await database.damaged(), [])
  })

  it('finds a turned bit anywhere in the MANIFEST', async (t) => {
    const database = await CrashedDatabase.create(t, [100, 'flush', 200])
    const name = await database.nameOf(/^MANIFEST/)
    const sound = await database.read(name)
    for (let at = 0; at < sound.length; at += 1) {
      const bytes = Buffer.from(sound)
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (at % 8)), at)
      await database.write(name, bytes)
      assert.deepEqual(await database.damaged(), [name], `bit at ${String(at)}`)
    }
  })

  it('finds that the end of the MANIFEST is missing, by the journal that it names, which is gone', async (t) => {
    const before = await CrashedDatabase.create(t, [100])
    const database = await CrashedDatabase.create(t, [100, 'flush', 200])
    const name = await database.nameOf(/^MANIFEST/)
    // What was written before the flush: it knows neither of the table nor of the newer journal.
    const shorter = await before.read(name)
    const sound = await database.read(name)
    assert.ok(sound.subarray(0, shorter.length).equals(shorter))
    const zeroed = Buffer.from(sound).fill(0, shorter.length)
    for (const bytes of [shorter, sound.subarray(0, -1), zeroed]) {
      await database.write(name, bytes)
      assert.deepEqual(await database.damaged(), [await before.nameOf(/\.log$/)])
    }
  })
})

describe('damagedFiles and its bounds', () => {
  it('does not read a journal or MANIFEST of more than MAX_JOURNAL_BYTES', async (t) => {
    for (const pattern of [/\.log$/, /^MANIFEST/]) {
      const database = await CrashedDatabase.create(t, [100, 200])
      const name = await database.nameOf(pattern)
      // Zeros behind the end, which take no room on the disk.
      await truncate(join(database.location, name), MAX_JOURNAL_BYTES)
      assert.deepEqual(await database.damaged(), [])
      await truncate(join(database.location, name), MAX_JOURNAL_BYTES + 1)
      assert.deepEqual(await database.damaged(), [name])
    }
  })
})

describe('flushJournal', () => {
  it('leaves nothing in a journal, and all in tables', async (t) => {
    const database = await CrashedDatabase.create(t, [100, 200, 'flush'])
    const journal = await database.nameOf(/\.log$/)
    assert.equal((await database.read(journal)).length, 0)
    const level = new Level(database.location)
    assert.equal((await level.get('1')).length, 200)
    await level.close()
  })
})
