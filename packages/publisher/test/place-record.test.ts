import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import fc from 'fast-check'
import { DurableFiles } from '../src/durable-files.ts'
import { CorruptStateError } from '../src/errors.ts'
import { placeRecord } from '../src/place-record.ts'
import { RecordDraft } from '../src/record-draft.ts'
import { checkRecordFiles, recordPaths } from '../src/record-files.ts'
import type { PlacedRecord } from '../src/record-files.ts'
import { RecordFinder } from '../src/record-finder.ts'
import { recordedFiles } from '../src/scan-record.ts'
import { recordedFile } from './_record.ts'

const MEMORY = '/dev/shm'

/** Long ones, so that few of them make a file that is not small any more. */
const pathOf = (number: number): string =>
  `${'g'.repeat(150)}/${'a'.repeat(150)}/${String(number).padStart(6, '0')}`

type Model = Map<string, string>

class Records {
  readonly #root: string
  readonly files: DurableFiles
  record: PlacedRecord

  constructor(root: string) {
    this.#root = root
    this.files = new DurableFiles(join(root, 'unfinished'))
    this.record = { directory: join(root, '0'), files: [] }
  }

  /** @param changes stamps by number; null removes */
  async step(number: number, changes: ReadonlyMap<number, string | null>): Promise<void> {
    const draft = new RecordDraft(this.files.temporaryPath())
    for (const [at, stamp] of [...changes].sort(([a], [b]) => a - b)) {
      const file = recordedFile(pathOf(at), stamp ?? undefined)
      draft.append({ path: file.entry.path, file: stamp === null ? undefined : file })
    }
    const directory = join(this.#root, String(number))
    await mkdir(directory)
    const files = await placeRecord(this.files, { before: this.record, draft }, directory)
    this.record = { directory, files }
  }

  read(): Model {
    return new Map(
      [...recordedFiles(recordPaths(this.record))].map(({ entry, stamp = '' }) => [
        entry.path,
        stamp,
      ]),
    )
  }

  find(numbers: readonly number[]): (string | undefined)[] {
    using finder = new RecordFinder(this.record)
    return numbers.map((number) => finder.find(pathOf(number))?.stamp)
  }
}

async function createRecords(t: TestContext): Promise<Records> {
  const root = await mkdtemp(join(tmpdir(), 'jarswarm-record-'))
  t.after(() => rm(root, { recursive: true, force: true }))
  const records = new Records(root)
  await records.files.start()
  return records
}

const some = (from: number, to: number, stamp: string): Map<number, string | null> =>
  new Map(Array.from({ length: to - from }, (_, index) => [from + index, stamp]))

const steps = fc.array(
  fc
    .tuple(
      fc.nat(400),
      fc.integer({ min: 1, max: 200 }),
      fc.option(fc.constantFrom('1.1', '2.2', '3.3')),
    )
    .map(([from, count, stamp]) => {
      const numbers = Array.from({ length: count }, (_, index) => from + index)
      return new Map(numbers.map((number) => [number, stamp]))
    }),
  { minLength: 1, maxLength: 12 },
)

describe('placeRecord', () => {
  it('keeps what was recorded last of each path, in few files that grow downwards', async (t) => {
    await fc.assert(
      fc.asyncProperty(steps, async (changes) => {
        const records = await createRecords(t)
        const model: Model = new Map()
        for (const [index, step] of changes.entries()) {
          await records.step(index + 1, step)
          for (const [number, stamp] of step) {
            if (stamp === null) model.delete(pathOf(number))
            else model.set(pathOf(number), stamp)
          }
          assert.deepEqual([...records.read()], [...model].sort())
          const { directory, files } = records.record
          assert.deepEqual(await checkRecordFiles(directory, files), files)
          for (const [above, { sizeBytes }] of files.slice(1).entries()) {
            assert.ok((files[above]?.sizeBytes ?? 0) > sizeBytes * 2)
          }
        }
        const all = Array.from({ length: 700 }, (_, number) => number)
        const found = records.find(all)
        assert.deepEqual(
          found,
          all.map((number) => model.get(pathOf(number))),
        )
      }),
      { numRuns: 10 },
    )
  })

  it('writes what a few changes need, and shares the rest with the record before', async (t) => {
    const records = await createRecords(t)
    await records.step(1, some(0, 2_000, '1.1'))
    const [lowest] = recordPaths(records.record)
    await records.step(2, new Map([[7, '2.2']]))
    const [same, made = ''] = recordPaths(records.record)
    assert.equal((await stat(lowest ?? '')).ino, (await stat(same ?? '')).ino)
    assert.ok((await stat(made)).size < 1_000)
    assert.deepEqual(records.find([6, 7, 8, 1_999, 2_000]), ['1.1', '2.2', '1.1', '1.1', undefined])
  })

  it('forgets that a path has left once nothing is below that could hold it', async (t) => {
    const records = await createRecords(t)
    await records.step(1, some(0, 20, '1.1'))
    await records.step(2, new Map([[7, null]]))
    const [only = '', ...others] = recordPaths(records.record)
    assert.deepEqual(others, [])
    assert.ok(!(await readFile(only, 'utf8')).includes(pathOf(7)))
    assert.equal(records.read().size, 19)
  })
})

describe('DurableFiles.link', () => {
  const isElsewhere = existsSync(MEMORY) && statSync(MEMORY).dev !== statSync(tmpdir()).dev
  const skip = isElsewhere ? false : 'needs a second file system at /dev/shm'
  it('copies a file that can have no other name there', { skip }, async (t) => {
    const { files, record } = await createRecords(t)
    const other = await mkdtemp(join(MEMORY, 'jarswarm-record-'))
    t.after(() => rm(other, { recursive: true, force: true }))
    await writeFile(join(other, 'record'), 'lines')
    await files.link(join(other, 'record'), join(record.directory, 'record'))
    assert.equal(await readFile(join(record.directory, 'record'), 'utf8'), 'lines')
  })
})

describe('RecordFinder', () => {
  it('refuses what is no scan record, and lines without an end', async (t) => {
    const records = await createRecords(t)
    await records.step(1, some(0, 200, '1.1'))
    const [path = ''] = recordPaths(records.record)
    const text = await readFile(path, 'utf8')
    await writeFile(path, text.replaceAll('\n', ' '))
    assert.throws(() => records.find([1]), CorruptStateError)
    await writeFile(path, `${text.slice(0, 20)}${'x'.repeat(40_000)}`)
    assert.throws(() => records.find([1]), CorruptStateError)
  })
})

describe('checkRecordFiles', () => {
  it('refuses a file that was cut short, is gone or stands elsewhere', async (t) => {
    const records = await createRecords(t)
    await records.step(1, some(0, 50, '1.1'))
    const { directory, files } = records.record
    const [path = ''] = recordPaths(records.record)
    const outside = files.map((file) => ({ ...file, name: `../1/${file.name}` }))
    await assert.rejects(checkRecordFiles(directory, outside), CorruptStateError)
    const text = await readFile(path, 'utf8')
    await writeFile(path, text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1))
    await assert.rejects(checkRecordFiles(directory, files), CorruptStateError)
    await rm(path)
    await assert.rejects(checkRecordFiles(directory, files), CorruptStateError)
  })
})
