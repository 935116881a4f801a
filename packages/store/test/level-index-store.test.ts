import { sha256 } from '@jarswarm/manifest'
import type { IndexEntry } from '@jarswarm/manifest'
import { parsePath, projectOf } from '@jarswarm/maven'
import { providerKey } from '@jarswarm/ports'
import type { EntryChange, IndexStore } from '@jarswarm/ports'
import { MemoryIndexStore } from '@jarswarm/testkit'
import fc from 'fast-check'
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Database } from '../src/database.ts'
import { nodeFileSystem } from '../src/file-system.ts'
import { LevelIndexStore } from '../src/level-index-store.ts'
import { makeRoot, openTestDirectory } from './_data-directory.ts'

const REPOSITORY = sha256(new TextEncoder().encode('1.root.json'))

function entry(path: string, sizeBytes: number): IndexEntry {
  const digest = sha256(new TextEncoder().encode(`${path} ${String(sizeBytes)}`))
  const sha1 = digest.slice(0, 40)
  return {
    path: parsePath(path),
    digest,
    sha1,
    sizeBytes,
    mtimeSeconds: sizeBytes,
    pieceList: undefined,
  }
}

/** Few names, so that paths meet; characters that sort before and after the slash. */
const segment = fc.constantFrom('a', 'a-b', 'a.b', 'a0', '1', 'maven-metadata.xml')
const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map((segments) => segments.join('/'))
const change = fc
  .record({ path, sizeBytes: fc.option(fc.nat(1_000)) })
  .map(({ path, sizeBytes }): EntryChange =>
    sizeBytes === null ? { path } : { path, after: entry(path, sizeBytes) },
  )

describe('LevelIndexStore', () => {
  it('agrees with its memory twin after any changes', async () => {
    const opened = await openTestDirectory()
    const store = opened.directory.index(REPOSITORY)
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(change, { maxLength: 8 }), { maxLength: 6 }),
          async (batches) => {
            await store.clear()
            const twin = new MemoryIndexStore(REPOSITORY)
            for (const batch of batches) {
              await store.applyChanges(batch)
              await twin.applyChanges(batch)
            }
            const paths = new Set(batches.flat().map((change) => change.path))
            assert.deepEqual(await contents(store, paths), await contents(twin, paths))
          },
        ),
        { numRuns: 40 },
      )
    } finally {
      await opened.close()
    }
  })

  it('leaps over what is below a folder when it lists a directory', async () => {
    const root = await makeRoot()
    const database = await Database.open(join(root, 'db'))
    const store = new LevelIndexStore(
      { database, files: nodeFileSystem },
      { repository: REPOSITORY, root },
    )
    const paths = Array.from({ length: 500 }, (_, at) => `org/a/${String(at)}/a.jar`)
    await store.applyChanges(
      ['org/b/1/b.jar', ...paths].map((path) => ({ path, after: entry(path, 1) })),
    )
    let reads = 0
    const cursorOf = database.cursor.bind(database)
    database.cursor = (table, range) => {
      const cursor = cursorOf(table, range)
      const next = (): Promise<string | undefined> => {
        reads += 1
        return cursor.next()
      }
      return { ...cursor, next }
    }
    assert.deepEqual(await collect(store.listDirectory('org')), ['a/', 'b/'])
    assert.equal(reads, 3)
    await database.close()
    await rm(root, { recursive: true })
  })
})

/** All that can be asked of a store about these paths. */
async function contents(store: IndexStore, paths: ReadonlySet<string>): Promise<unknown> {
  const projects = new Set([...paths].map((path) => projectOf(parsePath(path))))
  const folders = new Set([...paths].map((path) => path.split('/').slice(0, -1).join('/')))
  const known: unknown[] = []
  for (const project of projects) {
    const key = providerKey({ repository: REPOSITORY, project })
    known.push([project, await store.hasProject(project), await store.projectOfKey(key)])
  }
  const listings: unknown[] = []
  for (const folder of folders) listings.push(await collect(store.listDirectory(folder)))
  const after: unknown[] = []
  for (const path of paths) after.push(await collect(store.listEntries('a', { after: path })))
  return { entries: await collect(store.listEntries('')), known, listings, after }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = []
  for await (const item of items) collected.push(item)
  return collected
}
