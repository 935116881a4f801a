import { NoSpaceError, StorageFailedError } from '@jarswarm/ports'
import fc from 'fast-check'
import assert from 'node:assert/strict'
import { readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { nodeFileSystem } from '../src/file-system.ts'
import { MAX_RUN_BYTES, RUN_READ_BYTES } from '../src/limits.ts'
import { SortedRecords } from '../src/sorted-records.ts'
import type { SortedRecord } from '../src/sorted-run.ts'
import { makeRoot } from './_data-directory.ts'
import { FaultyFiles } from './_faulty-files.ts'

let root: string
let path: string
beforeEach(async () => {
  root = await makeRoot()
  path = join(root, 'records')
})
afterEach(() => rm(root, { recursive: true, force: true }))

async function batchesOf(records: SortedRecords, batchBytes: number): Promise<string[][]> {
  const batches: string[][] = []
  for await (const batch of records.read(batchBytes)) batches.push(batch.map(textOf))
  return batches
}

const textOf = ({ key, value }: SortedRecord): string =>
  `${key} ${Buffer.from(value).toString('hex')}`
const record = (key: string, length: number): SortedRecord => ({
  key,
  value: Buffer.alloc(length, key),
})

describe('SortedRecords', () => {
  it('gives all records in the order of their keys, whatever their lengths', async () => {
    const one = fc.record({
      key: fc.stringMatching(/^[a-c]{1,4}$/),
      value: fc.uint8Array({ maxLength: 90 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(one, { maxLength: 60 }), async (added) => {
        const init = { path, runBytes: 200, readBytes: 16 }
        const records = new SortedRecords({ files: nodeFileSystem }, init)
        for (const each of added) await records.add(each)
        const read = (await batchesOf(records, 100)).flat()
        await records.close()
        const keys = read.map((text) => text.split(' ')[0])
        assert.deepEqual(keys, added.map(({ key }) => key).sort())
        assert.deepEqual(read.toSorted(), added.map(textOf).sort())
      }),
      { numRuns: 60 },
    )
  })

  it('gives records larger than RUN_READ_BYTES, wherever the part that was read ends', async () => {
    const records = new SortedRecords({ files: nodeFileSystem }, { path })
    // The first part ends within the head of the second, or at it.
    const added = [
      record('a', RUN_READ_BYTES - 13),
      record('b', 2 * RUN_READ_BYTES),
      record('c', 0),
    ]
    for (const each of added) await records.add(each)
    assert.deepEqual((await batchesOf(records, 1)).flat(), added.map(textOf))
    await records.close()
  })

  it('has MAX_RUN_BYTES in memory before they go to the disk', async () => {
    const records = new SortedRecords({ files: nodeFileSystem }, { path })
    await records.add(record('a', MAX_RUN_BYTES - 10))
    assert.deepEqual(await readdir(root), [])
    await records.add(record('b', 1))
    assert.deepEqual(await readdir(root), ['records'])
    await records.close()
  })

  it('ends a batch with the record with which it has enough', async () => {
    const records = new SortedRecords({ files: nodeFileSystem }, { path })
    for (const key of ['e', 'd', 'c', 'b', 'a']) await records.add(record(key, 11))
    const batches = await batchesOf(records, 40)
    assert.deepEqual(
      batches.map((batch) => batch.length),
      [2, 2, 1],
    )
    await records.close()
  })

  it('replaces a file that was left over, and leaves none', async () => {
    await writeFile(path, 'left over by a crash')
    const records = new SortedRecords({ files: nodeFileSystem }, { path })
    await records.add(record('a', 1))
    assert.deepEqual((await batchesOf(records, 1)).flat(), ['a 61'])
    await records.close()
    assert.deepEqual(await readdir(root), [])
  })

  it('makes no file and no batch of nothing', async () => {
    const records = new SortedRecords({ files: nodeFileSystem }, { path })
    assert.deepEqual(await batchesOf(records, 1), [])
    assert.deepEqual(await readdir(root), [])
    await records.close()
  })

  it('says that the disk is full, and leaves no file', async () => {
    const files = new FaultyFiles()
    files.break({ call: 'write', path: 'records', code: 'ENOSPC' })
    const records = new SortedRecords({ files }, { path, runBytes: 1 })
    await assert.rejects(records.add(record('a', 1)), NoSpaceError)
    await records.close()
    assert.deepEqual(await readdir(root), [])
  })

  it('takes no file that was cut short', async () => {
    const records = new SortedRecords({ files: nodeFileSystem }, { path, runBytes: 1 })
    await records.add(record('a', 9))
    await truncate(path, 12)
    await assert.rejects(batchesOf(records, 1), StorageFailedError)
    await records.close()
  })
})
