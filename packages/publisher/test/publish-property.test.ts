import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { buildIndex, sha256 } from '@jarswarm/manifest'
import type { IndexEntry } from '@jarswarm/manifest'
import fc from 'fast-check'
import { openPlaces } from '../src/open-places.ts'
import { publishTree } from '../src/index.ts'
import { recordOf } from '../src/published-state.ts'
import { recordPaths } from '../src/record-files.ts'
import { readScanRecord } from '../src/scan-record.ts'
import { readPublished } from './_reader.ts'
import { createRepository, START_MS } from './_temporary.ts'

const PATHS = [
  'a/b/1.0/b-1.0.jar',
  'a/b/1.0/b-1.0.pom',
  'a/b/1.1-SNAPSHOT/b-1.1-20260101.000000-1.jar',
  'a/b/1.1-SNAPSHOT/maven-metadata.xml',
  'a/b/maven-metadata.xml',
  'a/b-c/2/b-c-2.jar',
  'top.jar',
]

const step = fc.dictionary(
  fc.constantFrom(...PATHS),
  fc.option(fc.constantFrom('one', 'two', 'x'.repeat(300_000))),
  { minKeys: 1 },
)

describe('publishTree over any sequence of changes', () => {
  it('gives the index that its entries have when built from scratch', async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 5 }), async (steps) => {
        const repository = await createRepository(t)
        const wanted = new Map<string, string>()
        for (const changes of steps) {
          for (const [path, content] of Object.entries(changes)) {
            const isMutable = path.includes('SNAPSHOT') || path.endsWith('.xml')
            if (content === null) {
              await repository.remove(path)
              if (isMutable) wanted.delete(path)
              continue
            }
            await repository.write(path, content)
            const line = `${sha256(Buffer.from(content))} ${String(content.length)}`
            if (isMutable || !wanted.has(path)) wanted.set(path, line)
          }
          await publishTree({ ...repository, nowMs: START_MS, allowShrink: true })
        }
        // The reader also checks that the history folds to the index.
        const read = await readPublished(repository.treeDir)
        assert.deepEqual([...(read?.files ?? [])].sort(), [...wanted].sort())
        await using places = await openPlaces(repository)
        assert.ok(places.newest)
        const record = readScanRecord(recordPaths(recordOf(places.newest)))
        const entries: IndexEntry[] = []
        for await (const { entry } of record) entries.push(entry)
        assert.deepEqual(
          buildIndex(entries, () => undefined),
          places.newest.head.index,
        )
      }),
      { numRuns: 15 },
    )
  })
})
