import assert from 'node:assert/strict'
import {
  closeSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { PIECE_BYTES, sha256 } from '@jarswarm/manifest'
import type { ByteRange, HoldingsChange } from '@jarswarm/ports'
import { initRepository, publishTree, withdrawPaths } from '@jarswarm/publisher'
import { silentLogger } from '@jarswarm/testkit'
import { PrimaryContent } from '../src/primary/primary-content.ts'
import { PublishedFiles } from '../src/primary/published-files.ts'
import { TreeBlobs } from '../src/primary/tree-blobs.ts'
import { SystemClock } from '../src/system-clock.ts'
import { temporaryDirectory } from './_swarm.ts'
import { CONTENT, JAR, LARGE, POM, writeTree } from './_tree.ts'

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
  const published = new PublishedFiles(publishedRoot)
  const content = new PrimaryContent({
    published,
    blobs: new TreeBlobs({ published }, { treeRoot: places.treeDir, publishedRoot }),
    clock: new SystemClock(),
    logger: silentLogger,
  })
  await content.refresh(id)
  return { places, id, content, publishedRoot }
}

/** Turn one bit of a file, and put its times back, as a disk that loses bits leaves them. */
function turnBit(file: string, position: number): void {
  const { atime, mtime } = statSync(file)
  const handle = openSync(file, 'r+')
  const byte = Buffer.alloc(1)
  readSync(handle, byte, 0, 1, position)
  byte.writeUInt8(byte.readUInt8() ^ 1)
  writeSync(handle, byte, 0, 1, position)
  closeSync(handle)
  utimesSync(file, atime, mtime)
}

describe('PrimaryContent', () => {
  it('gives a manifest out with the refresh that succeeds', async (t) => {
    const { places, id, content, publishedRoot } = await publishedContent(t)
    writeFileSync(join(places.treeDir, 'org/example/later.pom'), '<project/>')
    await publishTree(places)
    const [objects, away] = [join(publishedRoot, 'objects'), join(publishedRoot, 'objects.away')]
    renameSync(objects, away)
    await assert.rejects(content.refresh(id))
    renameSync(away, objects)
    assert.deepEqual(await content.refresh(id), readFileSync(join(publishedRoot, 'manifest')))
    assert.equal(await content.refresh(id), undefined)
  })

  it('gives peers no bytes in which a bit has turned since they were given last', async (t) => {
    const { places, id, content } = await publishedContent(t)
    const small = { offset: 0, length: 5 }
    const first = { offset: 0, length: PIECE_BYTES }
    const second = { offset: PIECE_BYTES, length: PIECE_BYTES }
    const read = (path: string, range: ByteRange) => content.readBlob(id, digestOf(path), range)
    const wanted = (path: string, { offset, length }: ByteRange): Uint8Array | undefined =>
      CONTENT[path]?.subarray(offset, offset + length)
    for (const [path, range] of [
      [JAR, small],
      [LARGE, first],
      [LARGE, second],
    ] as const)
      assert.deepEqual(Buffer.from((await read(path, range)) ?? []), wanted(path, range))
    turnBit(join(places.treeDir, JAR), 8)
    turnBit(join(places.treeDir, LARGE), PIECE_BYTES)
    assert.equal(await read(JAR, small), undefined)
    assert.equal(await read(LARGE, second), undefined)
    assert.equal(await read(LARGE, { offset: PIECE_BYTES - 1, length: 2 }), undefined)
    assert.deepEqual(Buffer.from((await read(LARGE, first)) ?? []), wanted(LARGE, first))
  })

  it('gives ranges of large blobs wherever they begin, and none that leaves them', async (t) => {
    const { id, content } = await publishedContent(t)
    const bytes = CONTENT[LARGE] ?? Buffer.of()
    for (const [offset, length] of [
      [PIECE_BYTES - 3, 7],
      [2 * PIECE_BYTES, bytes.length - 2 * PIECE_BYTES],
      [bytes.length - 1, 1],
    ] as const) {
      const found = await content.readBlob(id, digestOf(LARGE), { offset, length })
      assert.deepEqual(Buffer.from(found ?? []), bytes.subarray(offset, offset + length))
    }
    const beyond = { offset: bytes.length - 1, length: 2 }
    assert.equal(await content.readBlob(id, digestOf(LARGE), beyond), undefined)
  })

  it('gives peers no index object in which a bit has turned', async (t) => {
    const { id, content, publishedRoot } = await publishedContent(t)
    const root = content.head?.index.root ?? ''
    assert.notEqual(await content.readObject(id, root), undefined)
    turnBit(join(publishedRoot, 'objects', root.slice(0, 2), root), 30)
    assert.equal(await content.readObject(id, root), undefined)
  })

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
