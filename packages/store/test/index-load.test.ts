import { sha256 } from '@jarswarm/manifest'
import type { IndexEntry } from '@jarswarm/manifest'
import { parsePath } from '@jarswarm/maven'
import { NoSpaceError } from '@jarswarm/ports'
import type { IndexPart } from '@jarswarm/ports'
import assert from 'node:assert/strict'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { Database } from '../src/database.ts'
import { StoreClosedError } from '../src/errors.ts'
import { nodeFileSystem } from '../src/file-system.ts'
import type { FileSystem } from '../src/file-system.ts'
import { IndexLoad } from '../src/index-load.ts'
import { IndexTables } from '../src/index-tables.ts'
import { MAX_PENDING_PROJECTS } from '../src/limits.ts'
import { makeRoot } from './_data-directory.ts'
import { FaultyFiles } from './_faulty-files.ts'

const TABLES = new IndexTables('a'.repeat(64))

let root: string
let temporary: string
let database: Database
beforeEach(async () => {
  root = await makeRoot()
  temporary = join(root, 'tmp')
  await mkdir(temporary)
  database = await Database.open(join(root, 'db'))
})
afterEach(async () => {
  await database.close()
  await rm(root, { recursive: true, force: true })
})

function partOf(project: string): IndexPart {
  const bytes = Buffer.from(project)
  const digest = sha256(bytes)
  const entry: IndexEntry = {
    path: parsePath(`${project}/1/${project.slice(2)}-1.jar`),
    digest,
    sha1: digest.slice(0, 40),
    sizeBytes: 1,
    mtimeSeconds: 1,
    pieceList: undefined,
  }
  return { object: { digest, bytes }, entries: [entry] }
}

async function* partsOf(count: number, error?: Error): AsyncGenerator<IndexPart> {
  await Promise.resolve()
  for (let at = 0; at < count; at += 1) yield partOf(`g/a${String(at)}`)
  if (error !== undefined) throw error
}

interface Written {
  readonly table: string
  readonly keys: readonly string[]
}

/** Load so many projects of one file each. @returns what was written, and `flush`, in their order */
async function load(
  parts: AsyncIterable<IndexPart>,
  files: FileSystem = nodeFileSystem,
): Promise<readonly (Written | 'flush')[]> {
  const done: (Written | 'flush')[] = []
  const write = database.write.bind(database)
  const flush = database.flush.bind(database)
  database.write = async (changes, options) => {
    await write(changes, options)
    for (const [table, some] of Map.groupBy(changes, (change) => change.table.names.at(-1) ?? ''))
      done.push({ table, keys: some.map(({ key }) => key) })
  }
  database.flush = async () => {
    await flush()
    done.push('flush')
  }
  const init = { tables: TABLES, temporary: join(temporary, 'index') }
  await new IndexLoad({ database, files }, init).run(parts, {})
  return done
}

const tablesOf = (done: readonly (Written | 'flush')[]): readonly string[] =>
  done.map((one) => (one === 'flush' ? one : one.table))

describe('IndexLoad', () => {
  it('writes one table after the other, each in the order of its keys, and then all of it out', async () => {
    const done = await load(partsOf(20_000))
    const order = tablesOf(done).filter((table, at, all) => table !== all[at - 1])
    assert.deepEqual(order, ['object', 'path', 'project', 'key', 'flush'])
    for (const table of ['object', 'path']) {
      const keys = done.flatMap((one) => (one !== 'flush' && one.table === table ? one.keys : []))
      assert.equal(keys.length, 20_000)
      assert.deepEqual(keys, keys.toSorted())
    }
    assert.ok(tablesOf(done).filter((table) => table === 'path').length > 2)
    assert.deepEqual(await readdir(temporary), [])
  })

  it('counts MAX_PENDING_PROJECTS in memory, and writes more at once', async () => {
    for (const [count, isEarly] of [
      [MAX_PENDING_PROJECTS, false],
      [MAX_PENDING_PROJECTS + 20_000, true],
    ] as const) {
      const tables = tablesOf(await load(partsOf(count)))
      assert.equal(tables.indexOf('project') < tables.lastIndexOf('path'), isEarly)
    }
    const last = `g/a${String(MAX_PENDING_PROJECTS)}`
    assert.equal(await database.get(TABLES.projects, last), '1')
  })

  it('leaves no file when the parts throw, or the disk is full', async () => {
    const reason = new Error('enough')
    await assert.rejects(load(partsOf(10, reason)), reason)
    assert.deepEqual(await readdir(temporary), [])
    const files = new FaultyFiles()
    files.break({ call: 'write', path: 'index-paths', code: 'ENOSPC' })
    await assert.rejects(load(partsOf(10), files), NoSpaceError)
    assert.deepEqual(await readdir(temporary), [])
  })
})

describe('Database.flush', () => {
  it('leaves nothing in the journal alone', async () => {
    await database.write([{ table: TABLES.state, key: 'k', value: 'v' }], { sync: false })
    const tables = async (): Promise<number> =>
      (await readdir(join(root, 'db'))).filter((name) => name.endsWith('.ldb')).length
    assert.equal(await tables(), 0)
    await database.flush()
    assert.equal(await tables(), 1)
    assert.equal(await database.get(TABLES.state, 'k'), 'v')
  })

  it('refuses a closed database', async () => {
    await database.close()
    await assert.rejects(database.flush(), StoreClosedError)
  })
})
