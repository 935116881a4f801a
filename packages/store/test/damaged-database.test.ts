import { sha256 } from '@jarswarm/manifest'
import { DirectoryInUseError } from '@jarswarm/ports'
import { openDataDirectory } from '@jarswarm/store'
import type { DataDirectory } from '@jarswarm/store'
import { RecordingLogger } from '@jarswarm/testkit'
import { Level } from 'level'
import assert from 'node:assert/strict'
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { makeRoot, zeroTables } from './_data-directory.ts'

const BYTES = new TextEncoder().encode('one blob')
const BLOB = { digest: sha256(BYTES), bytes: BYTES }
const PAGE_BYTES = 4_096
const INIT = { freeFloorBytes: 0 }

describe('openDataDirectory with a damaged database', () => {
  let root: string
  beforeEach(async () => {
    root = await makeRoot()
    const directory = await openDataDirectory(root, INIT)
    await directory.blobs.put(BLOB.digest, BLOB.bytes, { pinned: true })
    await directory.trust.save(BLOB.digest, { roots: [BYTES], manifest: BYTES })
    await directory.close()
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  it('begins the database anew, before LevelDB reads it, when a table of it is damaged', async () => {
    await (await openDataDirectory(root, INIT)).close()
    // LevelDB would end the process by an assertion.
    assert.ok((await zeroTables(join(root, 'db'))) > 0)
    const logger = new RecordingLogger()
    const directory = await openDataDirectory(root, INIT, { logger })
    assert.deepEqual(await directory.blobs.read(BLOB.digest), BYTES)
    assert.deepEqual((await directory.trust.load(BLOB.digest))?.manifest, BYTES)
    assert.equal(await directory.countDamagedValues(), 0)
    await directory.close()
    assert.match(logger.lines[0]?.message ?? '', /set aside and begun anew/)
    assert.ok((await readdir(root)).includes('db.damaged'))
  })

  it('counts damaged tables without LevelDB, says so, and begins the database anew at the next start', async () => {
    await (await openDataDirectory(root, INIT)).close()
    const logger = new RecordingLogger()
    const directory = await openDataDirectory(root, INIT, { logger })
    const turned = await zeroTables(join(root, 'db'))
    assert.ok(turned > 0)
    assert.equal(await directory.countDamagedValues(), turned)
    assert.match(logger.lines[0]?.message ?? '', /damaged value/)
    // Who else wants it is refused, and does not take it away.
    await assert.rejects(openDataDirectory(root, INIT), DirectoryInUseError)
    await directory.close()
    const anew = await openDataDirectory(root, INIT)
    assert.equal(await anew.countDamagedValues(), 0)
    await anew.close()
  })

  it('takes a value that does not fit its checksum for missing, and begins the database anew at the next start', async () => {
    const level = new Level(join(root, 'db'))
    await level.put('!record!x', 'written by nobody here')
    await level.close()
    const logger = new RecordingLogger()
    const damaged = await openDataDirectory(root, INIT, { logger })
    assert.equal(await damaged.records.get('x'), undefined)
    assert.equal(await damaged.countDamagedValues(), 1)
    assert.match(logger.lines[0]?.message ?? '', /damaged value/)
    await damaged.close()
    const anew = await openDataDirectory(root, INIT)
    assert.equal(await anew.countDamagedValues(), 0)
    assert.deepEqual(await anew.blobs.read(BLOB.digest), BYTES)
    await anew.close()
    assert.ok(!(await readdir(root)).includes('db.rebuild'))
  })

  /** Have a power cut lose a part of what comes behind the record `synced`. @returns the path of the journal */
  const tear = async (path: string): Promise<string> => {
    const [log = ''] = (await readdir(join(path, 'db'))).filter((name) => name.endsWith('.log'))
    const journal = join(path, 'db', log)
    const bytes = await readFile(journal)
    await writeFile(journal, bytes.fill(0, PAGE_BYTES, 2 * PAGE_BYTES))
    return journal
  }
  const write = async ({ records }: DataDirectory): Promise<void> => {
    await records.set('synced', 'acknowledged')
    await records.set('torn', 'v'.repeat(40_000))
    await records.set('later', 'in another block')
  }

  it('keeps a database whose journal a power cut tore, and has nothing later than the tear', async (t) => {
    const crashed = `${root}.crashed`
    t.after(() => rm(crashed, { recursive: true }))
    const open = await openDataDirectory(root, INIT)
    await write(open)
    await cp(root, crashed, { recursive: true })
    await open.close()
    await tear(crashed)
    const logger = new RecordingLogger()
    const directory = await openDataDirectory(crashed, INIT, { logger })
    assert.equal(await directory.records.get('synced'), 'acknowledged')
    assert.equal(await directory.records.get('torn'), undefined)
    assert.equal(await directory.records.get('later'), undefined)
    assert.equal(await directory.countDamagedValues(), 0)
    await directory.close()
    const [line] = logger.lines
    assert.deepEqual([line?.level, logger.lines.length], ['warn', 1])
    assert.match(line?.message ?? '', /torn/)
    assert.ok(!(await readdir(crashed)).includes('db.damaged'))
  })

  it('does not touch a journal that another process writes', async () => {
    await using directory = await openDataDirectory(root, INIT)
    await write(directory)
    const journal = await tear(root)
    const bytes = await readFile(journal)
    await assert.rejects(openDataDirectory(root, INIT), DirectoryInUseError)
    assert.ok((await readFile(journal)).equals(bytes))
  })
})
