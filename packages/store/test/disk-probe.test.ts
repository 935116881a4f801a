import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { sha256 } from '@jarswarm/manifest'
import { StorageFailedError } from '@jarswarm/store'
import { Level } from 'level'
import { openTestDirectory } from './_data-directory.ts'
import { FaultyFiles } from './_faulty-files.ts'
import type { FaultyCall } from './_faulty-files.ts'

/** What opening a database needs, each of which a disk may refuse alone. */
const NEEDED: readonly FaultyCall[] = ['create', 'write', 'syncData', 'sync', 'rename']
/** Of the calls of one kind each so-manieth fails. */
const EVERY = [1, 2, 3, 12]
const KEPT = Buffer.from('stored before the fault')
const NEXT = Buffer.from('stored after it')

describe('a database of which a write failed', () => {
  for (const call of NEEDED) {
    it(`is read on, and not closed, while the disk fails in ${call}, always or now and then`, async (t) => {
      const files = new FaultyFiles()
      const levels: Level[] = []
      const openLevel = async (location: string): Promise<Level> => {
        const level = new Level(location)
        await level.open()
        levels.push(level)
        return level
      }
      const opened = await openTestDirectory({}, { files, openLevel })
      t.after(() => opened.close())
      const { blobs, records } = opened.directory
      await blobs.put(sha256(KEPT), KEPT)
      const batch = t.mock.method(levels[0] ?? assert.fail(), 'batch', () =>
        Promise.reject(new Error('IO error: Input/output error')),
      )
      await assert.rejects(records.set('name', 'lost'), StorageFailedError)
      batch.mock.restore()
      for (const every of EVERY) {
        files.break({ call, path: '/tmp/probe', code: 'EIO', every })
        for (const value of ['refused', 'refused again']) {
          await assert.rejects(records.set('name', value), StorageFailedError)
          assert.deepEqual(Buffer.from((await blobs.read(sha256(KEPT))) ?? []), KEPT)
        }
        assert.equal(levels.length, 1)
        assert.ok(files.struck >= 2)
      }
      files.heal()
      await blobs.put(sha256(NEXT), NEXT)
      assert.equal(levels.length, 2)
      assert.deepEqual(Buffer.from((await blobs.read(sha256(KEPT))) ?? []), KEPT)
      assert.deepEqual(await readdir(join(opened.root, 'tmp')), [])
    })
  }
})
