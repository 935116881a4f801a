import { sha256 } from '@jarswarm/manifest'
import { openDataDirectory } from '@jarswarm/store'
import assert from 'node:assert/strict'
import { readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { Database } from '../src/database.ts'
import { textTable } from '../src/table.ts'
import { makeRoot } from './_data-directory.ts'

let root: string
beforeEach(async () => {
  root = await makeRoot()
})
afterEach(() => rm(root, { recursive: true, force: true }))

describe('Database', () => {
  it('finds no damage under keys that look like the names of tables', async () => {
    const database = await Database.open(join(root, 'db'))
    const table = textTable('a', 'path')
    for (const key of ['!a!/1/x.jar', '!x!', 'a!!b/!', '!', 'a/!b!c']) {
      await database.write([{ table, key, value: 'sound' }], { sync: false })
      assert.equal(await database.get(table, key), 'sound')
    }
    assert.equal(await database.countDamaged({}), 0)
    assert.equal(database.isDamaged, false)
    await database.close()
  })
})

describe('a database of which a table became shorter', () => {
  it('is begun anew at the start, with all blobs', async () => {
    const bytes = Buffer.from('a blob')
    const first = await openDataDirectory(root)
    await first.blobs.put(sha256(bytes), bytes)
    await first.close()
    // What stands in the journal becomes a table.
    await (await openDataDirectory(root)).close()
    const tables = (await readdir(join(root, 'db'))).filter((name) => name.endsWith('.ldb'))
    assert.ok(tables.length > 0)
    for (const table of tables) {
      const { size } = await stat(join(root, 'db', table))
      await truncate(join(root, 'db', table), Math.floor(size / 2))
    }
    const again = await openDataDirectory(root)
    assert.deepEqual(Buffer.from((await again.blobs.read(sha256(bytes))) ?? []), bytes)
    await again.close()
  })
})

describe('a database that was set aside', () => {
  it('gives way to the next one', async () => {
    for (const round of [1, 2]) {
      await (await openDataDirectory(root)).close()
      await writeFile(join(root, 'db', 'CURRENT'), `damage ${String(round)}`)
    }
    await (await openDataDirectory(root)).close()
    const kept = (await readdir(root)).filter((name) => name.startsWith('db'))
    assert.deepEqual(kept.toSorted(), ['db', 'db.damaged'])
    assert.equal(await readFile(join(root, 'db.damaged', 'CURRENT'), 'utf8'), 'damage 2')
  })
})
