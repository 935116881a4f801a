import { openDataDirectory } from '@jarswarm/store'
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { makeRoot } from './_data-directory.ts'

describe('LevelRecordStore', () => {
  it('sets, lists, replaces and deletes', async () => {
    const root = await makeRoot()
    const directory = await openDataDirectory(root, { freeFloorBytes: 0 })
    const { records } = directory
    await records.set('peers/b', { seen: 2 })
    await records.set('peers/a', { seen: 1 })
    await records.set('peerage', null)
    await records.set('peers/a', { seen: 3 })
    const listed: unknown[] = []
    for await (const record of records.list('peers/')) listed.push(record)
    assert.deepEqual(listed, [
      ['peers/a', { seen: 3 }],
      ['peers/b', { seen: 2 }],
    ])
    await records.delete('peers/a')
    assert.equal(await records.get('peers/a'), undefined)
    assert.equal(await records.get('peerage'), null)
    await assert.rejects(records.set('../x', 1), TypeError)
    await assert.rejects(records.set('x', undefined), TypeError)
    await directory.close()
    await rm(root, { recursive: true })
  })
})
