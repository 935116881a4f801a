import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { damagedTables } from '@jarswarm/files'
import { Level } from 'level'

const FOOTER_BYTES = 48
/** Behind the handles of a footer, which are short in a small table, and before its magic number. */
const PADDING = { from: 12, to: 40 }
/** Prime, so that all parts of blocks come. */
const STRIDE = 197

async function damaged(location: string): Promise<string[]> {
  const names: string[] = []
  for await (const name of damagedTables(location)) names.push(name)
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

describe('damagedTables', () => {
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

  it('leaves to LevelDB what LevelDB compares', async () => {
    await rm(join(location, name))
    assert.deepEqual(await damaged(location), [])
    await writeFile(join(location, name), sound)
    const [manifest = ''] = (await readdir(location)).filter((file) => /^MANIFEST/.test(file))
    const bytes = await readFile(join(location, manifest))
    await truncate(join(location, manifest), bytes.length - 3)
    assert.ok((await damaged(location)).length <= 1)
    await writeFile(join(location, manifest), bytes.fill(0xff, 0, 20))
    assert.deepEqual(await damaged(location), [])
  })
})
