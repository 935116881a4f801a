import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { StorageFailedError } from '@jarswarm/store'
import { Level } from 'level'
import { Database } from '../src/database.ts'
import { textTable } from '../src/table.ts'
import { makeRoot } from './_data-directory.ts'

const TABLE = textTable('table')
const put = (key: string, value: string | undefined) => ({ table: TABLE, key, value })

/** A database of which syncs of the journal fail: what was written then is not in use, but may be replayed. */
async function openFailing(t: TestContext) {
  const root = await makeRoot()
  let failures = 0
  let mayOpen = true
  const opened: Level[] = []
  const journal: (() => Promise<void>)[] = []
  const database = await Database.open(join(root, 'db'), {
    openLevel: async (location) => {
      if (!mayOpen) throw new Error('IO error: Too many open files')
      const level = new Level(location)
      await level.open()
      opened.push(level)
      for (const replay of journal.splice(0)) await replay()
      const batch = level.batch.bind(level)
      const failing = (...args: [unknown[], object]): unknown => {
        if (failures === 0) return Reflect.apply(batch, undefined, args)
        failures -= 1
        // Sections belong to a database that will be closed by then; their names go into the keys.
        const [operations] = args
        journal.push(() => replayed(opened.at(-1), operations))
        return Promise.reject(new Error('IO error: Input/output error'))
      }
      return Object.assign(level, { batch: failing })
    },
  })
  t.after(async () => {
    await database.close()
    await rm(root, { recursive: true })
  })
  return {
    database,
    opened,
    fail: (times: number) => {
      failures = times
    },
    setMayOpen: (may: boolean) => {
      mayOpen = may
    },
  }
}

interface Operation {
  readonly type: 'put' | 'del'
  readonly key: string
  readonly value?: Uint8Array
}

async function replayed(level: Level | undefined, operations: readonly unknown[]): Promise<void> {
  for (const { type, key, value } of operations as readonly Operation[]) {
    const name = `!table!${key}`
    if (type === 'del') await level?.del(name)
    else await level?.put<string, unknown>(name, value, { valueEncoding: 'view' })
  }
}

async function entriesOf(database: Database): Promise<[string, string][]> {
  const entries: [string, string][] = []
  for await (const entry of database.entries(TABLE)) entries.push(entry)
  return entries
}

const SYNC = { sync: true }

/** Each way to read; gives the keys that are there. */
const READS: Readonly<Record<string, (database: Database) => Promise<unknown>>> = {
  'a value': async (database) => ((await database.get(TABLE, 'kept')) === 'before' ? ['kept'] : []),
  'some values': async (database) =>
    (await database.getMany(TABLE, ['kept']))[0] === 'before' ? ['kept'] : [],
  'a range': async (database) => (await entriesOf(database)).map(([key]) => key),
  'keys one by one': async (database) => {
    const cursor = database.cursor(TABLE, {})
    try {
      return [await cursor.next()]
    } finally {
      await cursor.close()
    }
  },
}

describe('Database after a failed write', () => {
  it('has none of it, though the journal had it', async (t) => {
    const { database, opened, fail } = await openFailing(t)
    await database.write([put('kept', 'before'), put('gone', 'before')], SYNC)
    fail(1)
    const refused = [put('kept', 'after'), put('gone', undefined), put('new', 'after')]
    await assert.rejects(database.write(refused, SYNC), StorageFailedError)
    await database.write([put('next', 'after')], SYNC)
    assert.equal(opened.length, 2)
    const found = await database.getMany(TABLE, ['kept', 'gone', 'new', 'next'])
    assert.deepEqual(found, ['before', 'before', undefined, 'after'])
  })

  it('has none of it when undoing it failed at first', async (t) => {
    const { database, opened, fail } = await openFailing(t)
    await database.write([put('kept', 'before')], SYNC)
    fail(2)
    await assert.rejects(database.write([put('kept', 'after')], SYNC), StorageFailedError)
    await assert.rejects(database.write([put('next', 'refused')], SYNC), StorageFailedError)
    await database.write([put('next', 'after')], SYNC)
    assert.equal(opened.length, 3)
    assert.deepEqual(await database.getMany(TABLE, ['kept', 'next']), ['before', 'after'])
  })

  it('shows none of it while undoing it fails', async (t) => {
    const { database, fail } = await openFailing(t)
    await database.write([put('kept', 'before')], SYNC)
    fail(2)
    const refused = [put('kept', 'after'), put('new', 'after')]
    await assert.rejects(database.write(refused, SYNC), StorageFailedError)
    await assert.rejects(database.write([put('next', 'refused')], SYNC), StorageFailedError)
    assert.equal(await database.get(TABLE, 'kept'), 'before')
    assert.deepEqual(await database.getMany(TABLE, ['kept', 'new']), ['before', undefined])
    // What the refused write removed could not be put in its place.
    await assert.rejects(entriesOf(database), StorageFailedError)
    await assert.rejects(database.cursor(TABLE, {}).next(), StorageFailedError)
    await database.write([put('next', 'after')], SYNC)
    assert.deepEqual(await entriesOf(database), [
      ['kept', 'before'],
      ['next', 'after'],
    ])
  })

  it('writes nothing behind it before it was opened anew', async (t) => {
    const { database, opened, fail } = await openFailing(t)
    fail(1)
    const [first, second] = await Promise.allSettled([
      database.write([put('first', 'refused')], SYNC),
      database.write([put('second', 'after')], SYNC),
    ])
    assert.deepEqual([first.status, second.status], ['rejected', 'fulfilled'])
    assert.equal(opened.length, 2)
    assert.deepEqual(await database.getMany(TABLE, ['first', 'second']), [undefined, 'after'])
  })

  for (const [what, read] of Object.entries(READS)) {
    it(`is opened by who reads ${what}, when it could not be opened before`, async (t) => {
      const { database, fail, setMayOpen } = await openFailing(t)
      await database.write([put('kept', 'before')], SYNC)
      fail(1)
      await assert.rejects(database.write([put('kept', 'after')], SYNC), StorageFailedError)
      setMayOpen(false)
      await assert.rejects(database.write([put('next', 'refused')], SYNC), StorageFailedError)
      await assert.rejects(read(database), StorageFailedError)
      setMayOpen(true)
      assert.deepEqual(await read(database), ['kept'])
    })
  }
})
