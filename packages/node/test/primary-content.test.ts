import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { sha256 } from '@jarswarm/manifest'
import type { HoldingsChange } from '@jarswarm/ports'
import { initRepository, publishTree, withdrawPaths } from '@jarswarm/publisher'
import { silentLogger } from '@jarswarm/testkit'
import { PrimaryContent } from '../src/primary/primary-content.ts'
import { PublishedFiles } from '../src/primary/published-files.ts'
import { TreeBlobs } from '../src/primary/tree-blobs.ts'
import { SystemClock } from '../src/system-clock.ts'
import { temporaryDirectory } from './_swarm.ts'
import { CONTENT, JAR, POM, writeTree } from './_tree.ts'

const COPY = 'org/example/copy/1.0/copy-1.0.pom'
const digestOf = (path: string): string => sha256(CONTENT[path] ?? Buffer.of())

/** What a primary gives of a tree that was published once. */
async function publishedContent(t: TestContext) {
  const directory = temporaryDirectory(t)
  const places = { stateDir: join(directory, 'state'), treeDir: join(directory, 'tree') }
  writeTree(places.treeDir, { ...CONTENT, [COPY]: CONTENT[POM] ?? Buffer.of() })
  const { id } = await initRepository({ stateDir: places.stateDir, name: 'demo' })
  await publishTree(places)
  const publishedRoot = join(places.treeDir, '.jarswarm')
  const content = new PrimaryContent({
    published: new PublishedFiles(publishedRoot),
    blobs: new TreeBlobs({ treeRoot: places.treeDir, publishedRoot }),
    clock: new SystemClock(),
    logger: silentLogger,
  })
  await content.refresh(id)
  return { places, id, content, publishedRoot }
}

describe('PrimaryContent', () => {
  it('gives peers no blob that was withdrawn, unless another path has it', async (t) => {
    const { places, id, content } = await publishedContent(t)
    const range = { offset: 0, length: 5 }
    assert.notEqual(await content.readBlob(id, digestOf(JAR), range), undefined)
    const changes: HoldingsChange[] = []
    content.onHoldingsChange((change) => changes.push(change))
    await withdrawPaths({ ...places, paths: [JAR, POM], reason: 'legal' })
    await content.refresh(id)
    assert.equal(await content.readBlob(id, digestOf(JAR), range), undefined)
    assert.notEqual(await content.readBlob(id, digestOf(POM), range), undefined)
    assert.deepEqual(
      changes.map(({ added, removed }) => ({ added, removed })),
      [{ added: [], removed: [digestOf(JAR)] }],
    )
    assert.match(content.withdrawn(`${JAR}.sha1`) ?? '', /^Withdrawn on .*: legal$/)
    assert.equal(content.withdrawn(COPY), undefined)
    assert.equal(content.withdrawn('../outside'), undefined)
  })

  it('goes on when what was published before is not there any more', async (t) => {
    const { places, id, content, publishedRoot } = await publishedContent(t)
    const root = content.head?.index.root ?? ''
    const bytes = Buffer.from('a new jar')
    writeTree(places.treeDir, { 'org/example/new/1.0/new-1.0.jar': bytes })
    await publishTree(places)
    rmSync(join(publishedRoot, 'objects', root.slice(0, 2), root))
    const changes: HoldingsChange[] = []
    content.onHoldingsChange((change) => changes.push(change))
    await content.refresh(id)
    assert.equal(content.head?.seq, 2)
    assert.deepEqual(
      changes.map(({ added, removed }) => ({ added, removed })),
      [{ added: [sha256(bytes)], removed: [] }],
    )
  })
})
