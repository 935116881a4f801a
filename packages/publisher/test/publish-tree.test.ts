import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { publishTree, resignTimestamp, StateMismatchError, TreeShrunkError } from '../src/index.ts'
import type { PublishReport, PublishTreeOptions } from '../src/index.ts'
import { readPublished } from './_reader.ts'
import { createRepository, START_MS } from './_temporary.ts'
import type { TestRepository } from './_temporary.ts'

const DAY_MS = 86_400_000
const JAR = 'a/b/1.0/b-1.0.jar'
const METADATA = 'a/b/maven-metadata.xml'

function publish(
  { stateDir, treeDir }: TestRepository,
  options: Partial<PublishTreeOptions> = {},
): Promise<PublishReport> {
  return publishTree({ stateDir, treeDir, nowMs: START_MS, ...options })
}

const hexOf = (algorithm: string, content: string): string =>
  createHash(algorithm).update(content).digest('hex')

describe('publishTree', () => {
  it('publishes a state that a reader of the documents understands', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, Buffer.alloc(600_000, 1))
    await repository.write(METADATA, 'one')
    const report = await publish(repository)
    assert.deepEqual([report.seq, report.files, report.bytes, report.added], [1, 2, 600_003, 2])
    const read = await readPublished(repository.treeDir)
    assert.equal(read?.files.get(METADATA), `${hexOf('sha256', 'one')} 3`)
  })

  it('makes no new state of an unchanged tree, and signs the timestamp once an hour', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, 'one')
    await publish(repository)
    const first = await readPublished(repository.treeDir)
    await publish(repository, { nowMs: START_MS + 3_599_000 })
    assert.deepEqual(await readPublished(repository.treeDir), first)
    const report = await publish(repository, { nowMs: START_MS + 3_600_000 })
    assert.deepEqual([report.seq, report.added, report.changed], [1, 0, 0])
    await resignTimestamp({ ...repository, nowMs: START_MS + 3_700_000 })
    assert.equal((await readPublished(repository.treeDir))?.timestampVersion, 3)
  })

  it('writes a damaged root of the tree anew', async (t) => {
    const repository = await createRepository(t)
    const root = join(repository.treeDir, '.jarswarm', 'roots', '1.root.json')
    for (const [at, damaged] of ['', '{}'].entries()) {
      await repository.write(JAR.replace('a/', `a${String(at)}/`), 'one')
      await publish(repository)
      await writeFile(root, damaged)
      await repository.write(JAR.replace('a/', `b${String(at)}/`), 'one')
      await publish(repository)
      assert.ok(await readPublished(repository.treeDir))
    }
  })

  it('says where the files were seen, and signs a new state when that changes', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, 'one')
    await publish(repository, { observed: 'https://repo.example/maven' })
    assert.equal((await readPublished(repository.treeDir))?.observed, 'https://repo.example/maven')
    const report = await publish(repository)
    assert.deepEqual([report.seq, report.changed], [2, 0])
    assert.equal((await readPublished(repository.treeDir))?.observed, null)
  })

  it('quarantines a release whose bytes changed, whatever its checksum says, and publishes the rest', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, 'one')
    await publish(repository)
    await repository.write(JAR, 'two')
    await repository.write(`${JAR}.sha1`, hexOf('sha1', 'one'))
    await repository.write('a/b/1.1/b-1.1.jar', 'new')
    const report = await publish(repository)
    const [refused] = report.refused
    assert.equal(refused?.recorded, hexOf('sha256', 'one'))
    assert.equal(refused.found, hexOf('sha256', 'two'))
    assert.equal(report.added, 1)
    // Named each time, also when nothing is read again.
    assert.equal((await publish(repository)).refused.length, 1)
    await repository.write(JAR, 'one')
    assert.equal((await publish(repository)).refused.length, 0)
    const read = await readPublished(repository.treeDir)
    assert.equal(read?.files.get(JAR), `${hexOf('sha256', 'one')} 3`)
  })

  it('reads releases that seem unchanged when it is told to, and finds those that a disk damaged', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, 'one')
    await repository.write(METADATA, 'one')
    await publish(repository)
    for (const path of [JAR, METADATA]) {
      const file = join(repository.treeDir, path)
      const { atime, mtime } = await stat(file)
      await writeFile(file, 'onf')
      await utimes(file, atime, mtime)
    }
    assert.equal((await publish(repository)).refused.length, 0)
    const { refused, changed } = await publish(repository, { recheck: true })
    assert.deepEqual([refused.map(({ path }) => path), changed], [[JAR], 0])
    const read = await readPublished(repository.treeDir)
    assert.equal(read?.files.get(JAR), `${hexOf('sha256', 'one')} 3`)
    // What is published of a mutable file is the copy.
    assert.equal(read.files.get(METADATA), `${hexOf('sha256', 'one')} 3`)
  })

  it('keeps a release that vanished, and refuses other bytes in its place later', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, 'one')
    await repository.write('a/b/1.1/b-1.1.jar', 'x')
    await publish(repository)
    await repository.remove(JAR)
    const report = await publish(repository)
    assert.deepEqual([report.seq, report.files, report.removed], [1, 2, 0])
    await repository.write(JAR, 'two')
    assert.equal((await publish(repository)).refused.length, 1)
  })

  it('lets mutable files change and go', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, 'one')
    await repository.write(METADATA, 'one')
    await publish(repository)
    await repository.write(METADATA, 'two')
    assert.equal((await publish(repository)).changed, 1)
    await repository.remove(METADATA)
    const report = await publish(repository)
    assert.deepEqual([report.seq, report.removed], [3, 1])
    const read = await readPublished(repository.treeDir)
    assert.deepEqual(
      read?.history.map((line) => line.split(' ').slice(1, 3).join(' ')),
      ['1 put', '1 mut', '2 mut', '3 del'],
    )
  })

  it('keeps the published time of a file that was only touched', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, 'one')
    await publish(repository)
    await repository.write(JAR, 'one')
    assert.equal((await publish(repository)).seq, 1)
  })

  it('lets a file wait that is not what its .sha1 says, in either form', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, 'one')
    await repository.write(`${JAR}.sha1`, hexOf('sha1', 'two'))
    await repository.write('a/b/1.1/b-1.1.jar', 'one')
    await repository.write(
      'a/b/1.1/b-1.1.jar.sha1',
      `${hexOf('sha1', 'one').toUpperCase()}  b.jar\n`,
    )
    await repository.write('a/b/1.1/b-1.1.jar.md5', hexOf('md5', 'two'))
    const report = await publish(repository)
    assert.deepEqual(
      report.waiting.map(({ path }) => path),
      [JAR],
    )
    assert.deepEqual(
      report.mismatches.map(({ path }) => path),
      ['a/b/1.1/b-1.1.jar'],
    )
    assert.equal(report.files, 1)
    await repository.write(`${JAR}.sha1`, hexOf('sha1', 'one'))
    assert.equal((await publish(repository)).files, 2)
  })

  it('notices a checksum that was changed after its file was published', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, 'one')
    await repository.write(`${JAR}.md5`, hexOf('md5', 'one'))
    await publish(repository)
    await repository.write(`${JAR}.md5`, hexOf('md5', 'two'))
    assert.equal((await publish(repository)).mismatches.length, 1)
  })

  it('leaves out bookkeeping and hidden files, and counts them', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, 'one')
    await repository.write('a/b/1.0/_remote.repositories', 'x')
    await repository.write('a/b/1.0/c.jar.lastUpdated', 'x')
    await repository.write('.cache/x.jar', 'x')
    const report = await publish(repository)
    assert.deepEqual([report.files, report.leftOut, report.waiting.length], [1, 3, 0])
  })

  it('refuses an empty or much smaller tree unless it is allowed', async (t) => {
    const repository = await createRepository(t)
    await assert.rejects(publish(repository), TreeShrunkError)
    for (const n of [0, 1, 2, 3]) await repository.write(`a/b/${String(n)}/b-${String(n)}.jar`, 'x')
    await publish(repository)
    for (const n of [0, 1, 2]) await repository.remove(`a/b/${String(n)}`)
    await assert.rejects(publish(repository), { found: 1, wanted: 2 })
    assert.equal((await publish(repository, { allowShrink: true })).files, 4)
    // Only what was there at the last publish counts.
    await publish(repository)
  })

  it('refuses when state and tree do not follow from each other', async (t) => {
    const repository = await createRepository(t)
    const { root, stateDir, treeDir } = repository
    await repository.write(JAR, 'one')
    await cp(stateDir, join(root, 'lost'), { recursive: true })
    await publish(repository)
    await cp(stateDir, join(root, 'old'), { recursive: true })
    await cp(treeDir, join(root, 'old-tree'), { recursive: true })
    await repository.write(METADATA, 'x')
    await publish(repository)
    for (const state of ['lost', 'old']) {
      await assert.rejects(
        publish({ ...repository, stateDir: join(root, state) }),
        StateMismatchError,
      )
    }
    await assert.rejects(
      publish({ ...repository, treeDir: join(root, 'old-tree') }),
      StateMismatchError,
    )
    const other = await createRepository(t)
    await assert.rejects(publish({ ...repository, stateDir: other.stateDir }), /another repository/)
    await rm(join(treeDir, '.jarswarm', 'manifest'))
    await assert.rejects(publish(repository), /found no manifest/)
  })

  it('removes old mutable bytes after 7 days and old nodes after 90', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, 'one')
    await repository.write(METADATA, 'one')
    await publish(repository)
    const digest = hexOf('sha256', 'one')
    // The release has the same bytes, and is no reason to keep them here.
    const blob = join(repository.treeDir, '.jarswarm/blobs', digest.slice(0, 2), digest)
    await repository.write(METADATA, 'two')
    await publish(repository)
    await publish(repository, { nowMs: START_MS + 7 * DAY_MS - 1000 })
    await stat(blob)
    await publish(repository, { nowMs: START_MS + 7 * DAY_MS })
    await assert.rejects(stat(blob), { code: 'ENOENT' })
    assert.ok(await readPublished(repository.treeDir))
    await publish(repository, { nowMs: START_MS + 91 * DAY_MS })
    assert.ok(await readPublished(repository.treeDir))
  })

  it('keeps bytes that are published again', async (t) => {
    const repository = await createRepository(t)
    for (const [day, text] of ['one', 'two', 'one'].entries()) {
      await repository.write(METADATA, text)
      await publish(repository, { nowMs: START_MS + day * DAY_MS })
    }
    await publish(repository, { nowMs: START_MS + 30 * DAY_MS })
    assert.ok(await readPublished(repository.treeDir))
  })

  it('stops when its signal says so, with the state as it was', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, 'one')
    const reason = new Error('enough')
    await assert.rejects(publish(repository, { signal: AbortSignal.abort(reason) }), reason)
    assert.equal(await readPublished(repository.treeDir), undefined)
    assert.equal((await publish(repository)).seq, 1)
  })
})

describe('publishTree on a hostile tree', () => {
  it('follows no link out of the tree, no loop, no fifo, and reports them', async (t) => {
    const repository = await createRepository(t)
    const { treeDir, root } = repository
    await repository.write(JAR, 'one')
    await writeFile(join(root, 'secret'), 'x')
    await mkdir(join(root, 'outside'))
    await symlink(join(root, 'secret'), join(treeDir, 'a/secret.jar'))
    await symlink(join(root, 'outside'), join(treeDir, 'a/outside'))
    await symlink('..', join(treeDir, 'a/loop'))
    await symlink('nowhere', join(treeDir, 'a/dangling.jar'))
    await symlink('b/1.0/b-1.0.jar', join(treeDir, 'a/linked.jar'))
    await symlink('b/1.0', join(treeDir, 'a/linked'))
    await repository.write('a/naïve.jar', 'x')
    await repository.write('a/with space.jar', 'x')
    execFileSync('mkfifo', [join(treeDir, 'a/pipe.jar')])
    const report = await publish(repository)
    assert.deepEqual(
      report.waiting.map(({ path }) => path),
      [
        'a/dangling.jar',
        'a/loop',
        'a/naïve.jar',
        'a/outside',
        'a/pipe.jar',
        'a/secret.jar',
        'a/with space.jar',
      ],
    )
    const read = await readPublished(treeDir)
    assert.deepEqual([...(read?.files.keys() ?? [])].sort(), [
      JAR,
      'a/linked.jar',
      'a/linked/b-1.0.jar',
    ])
  })

  it('refuses a state directory within what is served', async (t) => {
    const repository = await createRepository(t)
    await assert.rejects(publish({ ...repository, treeDir: repository.root }), {
      code: 'ERR_STATE_DIRECTORY',
    })
  })
})
