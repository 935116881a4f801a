import assert from 'node:assert/strict'
import { cp, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import type { IndexEntry } from '@jarswarm/manifest'
import { parsePath } from '@jarswarm/maven'
import { ChangeLog } from '../src/change-log.ts'
import { updateObjects } from '../src/index-objects.ts'
import type { ObjectUpdate } from '../src/index-objects.ts'
import { publishTree } from '../src/index.ts'
import { openPlaces } from '../src/open-places.ts'
import type { OpenedPlaces } from '../src/open-places.ts'
import { recordOf } from '../src/published-state.ts'
import { RecordDraft } from '../src/record-draft.ts'
import { recordPaths } from '../src/record-files.ts'
import { readScanRecord } from '../src/scan-record.ts'
import { createRepository, START_MS } from './_temporary.ts'
import type { TestRepository } from './_temporary.ts'

const METADATA = 'a/b/maven-metadata.xml'
const jar = (number: number): string => `g${String(number % 40)}/a/1/${String(number)}.jar`

async function entriesOf(places: OpenedPlaces): Promise<Map<string, IndexEntry>> {
  const entries = new Map<string, IndexEntry>()
  for await (const { entry } of readScanRecord(recordPaths(recordOf(places.newest))))
    entries.set(entry.path, entry)
  return entries
}

/** The same file in each, down to its time. */
async function write(
  path: string,
  content: string,
  repositories: readonly TestRepository[],
): Promise<void> {
  for (const repository of repositories) {
    await repository.write(path, content)
    await utimes(join(repository.treeDir, path), 1_700_000_000, 1_700_000_000)
  }
}

/** What differs between two states, as a scan of the newer one would say it. */
async function compare(
  before: OpenedPlaces,
  after: OpenedPlaces,
): Promise<{ changes: ChangeLog; draft: RecordDraft }> {
  const [old, young] = [await entriesOf(before), await entriesOf(after)]
  const changes = new ChangeLog(before.stateFiles.temporaryPath())
  const draft = new RecordDraft(before.stateFiles.temporaryPath())
  for (const path of [...new Set([...old.keys(), ...young.keys()])].sort()) {
    const change = { before: old.get(path), after: young.get(path) }
    if (change.before?.digest === change.after?.digest) continue
    changes.append({ kind: change.after === undefined ? 'del' : 'put', ...change })
    const file = change.after && { entry: change.after, stamp: undefined, refused: undefined }
    draft.append({ path: parsePath(path), file })
  }
  draft.close()
  return { changes, draft }
}

async function open(t: TestContext, repository: TestRepository): Promise<OpenedPlaces> {
  const places = await openPlaces(repository)
  t.after(async () => {
    await places[Symbol.asyncDispose]()
  })
  return places
}

async function said({ totals, nodes, removed }: ObjectUpdate): Promise<unknown> {
  const gone: string[] = []
  for await (const digest of removed()) gone.push(digest)
  return { totals, nodes: nodes.map(({ digest }) => digest).sort(), gone: gone.sort() }
}

describe('updateObjects', () => {
  it('makes the same index of few changes and of very many', async (t) => {
    const [older, newer] = [await createRepository(t), await createRepository(t)]
    for (let number = 0; number < 200; number += 1) {
      await write(jar(number), String(number), number === 7 ? [older] : [older, newer])
    }
    await write(METADATA, 'one', [older])
    await write(METADATA, 'two', [newer])
    await write('g3/b/1/new.jar', 'new', [newer])
    await publishTree({ ...older, nowMs: START_MS })
    await publishTree({ ...newer, nowMs: START_MS })
    const [before, after] = [await open(t, older), await open(t, newer)]
    const init = { before: before.newest, ...(await compare(before, after)) }
    const updated = await updateObjects(before, init)
    const rebuilt = await updateObjects(before, { ...init, maxUpdateChanges: 0 })
    // What leaves is asked when the new nodes stand in the tree.
    await cp(join(newer.treeDir, '.jarswarm'), join(older.treeDir, '.jarswarm'), {
      recursive: true,
    })
    assert.deepEqual(await said(rebuilt), await said(updated))
    assert.deepEqual(updated.totals, after.newest?.head.index)
  })
})
