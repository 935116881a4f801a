import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
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

describe('PrimaryContent', () => {
  it('gives peers no blob that was withdrawn, unless another path has it', async (t) => {
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
})
