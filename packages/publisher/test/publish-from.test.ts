import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseHead } from '@jarswarm/manifest'
import type { Head } from '@jarswarm/manifest'
import { parseManifest } from '@jarswarm/trust'
import { publishTree, TreeShrunkError } from '../src/index.ts'
import { MTIME, withSha1 } from './_origin.ts'
import { readPublished } from './_reader.ts'
import { createSetting } from './_setting.ts'
import { createRepository, START_MS } from './_temporary.ts'

const JAR = 'a/b/1.0/b-1.0.jar'
const POM = 'a/b/1.0/b-1.0.pom'
const METADATA = 'a/b/maven-metadata.xml'
const LARGE = Buffer.alloc(600_000, 7)
const SCRIPT = fileURLToPath(new URL('_publish-from-and-wait.ts', import.meta.url))

async function readHead(outDir: string): Promise<Head> {
  return parseHead(parseManifest(await readFile(join(outDir, '.jarswarm/manifest'))).head)
}

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex')

describe('publishFrom', () => {
  it('makes the index that publishing the same files from a tree makes', async (t) => {
    const files = {
      ...withSha1(JAR, LARGE),
      ...withSha1('a/b/1.0+x/b~1.jar', 'plus'),
      [POM]: '<project/>',
      [METADATA]: 'one',
      'a/c/2-SNAPSHOT/c-2-SNAPSHOT.jar': LARGE,
    }
    const { origin, outDir, publish } = await createSetting(t, files)
    const report = await publish()
    assert.deepEqual([report.seq, report.files, report.added, report.leftOut], [1, 5, 5, 2])
    assert.deepEqual([report.waiting, report.missing, report.refused], [[], [], []])

    const twin = await createRepository(t)
    const { utimes } = await import('node:fs/promises')
    for (const [path, bytes] of Object.entries(files)) {
      await twin.write(path, bytes)
      const seconds = Date.parse(MTIME) / 1000
      await utimes(join(twin.treeDir, path), seconds, seconds)
    }
    await publishTree({ stateDir: twin.stateDir, treeDir: twin.treeDir, nowMs: START_MS })
    const [seen, held] = [await readHead(outDir), await readHead(twin.treeDir)]
    assert.deepEqual(seen.index, held.index)
    assert.deepEqual(seen.history, held.history)
    assert.deepEqual([seen.observed, held.observed], [origin.url, null])
    // The reader checks digests, the log, the pack, piece lists and the bytes of mutable files.
    const [read, wanted] = [await readPublished(outDir), await readPublished(twin.treeDir)]
    assert.deepEqual(read?.files, wanted?.files)
  })

  it('says who it is and what for', async (t) => {
    const { origin, publish } = await createSetting(t, { [POM]: 'one' })
    await publish(undefined, { contact: 'https://example.org/me' })
    assert.deepEqual(
      [...origin.userAgents],
      ['jarswarm/1.2.3 (observing; +https://example.org/me)'],
    )
  })

  it('says nothing of observation when the operator signs', async (t) => {
    const { outDir, publish } = await createSetting(t, { [POM]: 'one' })
    await publish()
    await publish(undefined, { isOperator: true })
    const { seq, observed } = await readHead(outDir)
    assert.deepEqual([seq, observed], [2, null])
  })

  it('reads lists as repositories publish them', async (t) => {
    const { publish } = await createSetting(t, { [POM]: 'one', [JAR]: 'two' })
    const list = [`./${POM}`, `/${JAR}\r`, '', `./${JAR}.sha1`, 'a//b', '../x', 'a/b/.x/y', POM]
    const report = await publish(list)
    assert.deepEqual([report.files, report.leftOut], [2, 4])
  })

  it('asks no more for known releases, and conditionally for what may change', async (t) => {
    const { origin, publish } = await createSetting(t, { [JAR]: LARGE, [METADATA]: 'one' })
    await publish()
    origin.asked.length = 0
    origin.sent.length = 0
    assert.deepEqual((await publish()).seq, 1)
    assert.deepEqual([origin.asked, origin.sent], [[METADATA], []])
    origin.files.set(METADATA, Buffer.from('two'))
    const report = await publish()
    assert.deepEqual([report.seq, report.changed, origin.sent], [2, 1, [METADATA]])
  })

  it('refuses a changed release that it was told to look at, until it is as it was', async (t) => {
    const { origin, outDir, publish } = await createSetting(t, { [JAR]: 'one', [POM]: 'pom' })
    await publish()
    origin.files.set(JAR, Buffer.from('two'))
    assert.deepEqual((await publish()).refused, [])
    const { refused } = await publish(undefined, { recheck: true })
    assert.deepEqual(
      refused.map(({ path, recorded, found }) => [path, recorded, found]),
      [[JAR, sha256('one'), sha256('two')]],
    )
    assert.equal((await publish()).refused.length, 1)
    assert.equal((await readPublished(outDir))?.files.get(JAR), `${sha256('one')} 3`)
    origin.files.set(JAR, Buffer.from('one'))
    assert.equal((await publish()).refused.length, 0)
  })

  it('keeps a release that vanished, and drops a mutable file that the origin says is gone', async (t) => {
    const { origin, outDir, publish } = await createSetting(t, {
      [JAR]: 'one',
      [METADATA]: 'x',
      'a/c/maven-metadata.xml': 'y',
    })
    const paths = [...origin.files.keys()]
    await publish()
    origin.files.clear()
    const report = await publish([JAR, METADATA], { isChanges: true })
    assert.deepEqual([report.removed, report.files], [1, 2])
    assert.deepEqual(report.missing, [
      { path: JAR, reason: 'the origin answers 404; what was released stays' },
      { path: METADATA, reason: 'the origin answers 404; it is published no more' },
    ])
    assert.deepEqual([...((await readPublished(outDir))?.files.keys() ?? [])].sort(), [
      JAR,
      'a/c/maven-metadata.xml',
    ])
    await assert.rejects(publish(paths), TreeShrunkError)
  })

  it('reports what is listed and not there', async (t) => {
    const { publish } = await createSetting(t, { [POM]: 'one' })
    const { missing, files } = await publish([POM, JAR])
    assert.deepEqual([missing, files], [[{ path: JAR, reason: 'the origin answers 404' }], 1])
  })

  it('lets a file wait that disagrees with its checksum file, and takes it when it agrees', async (t) => {
    const { origin, publish } = await createSetting(t, {
      [POM]: 'one',
      [JAR]: 'jar',
      [`${JAR}.sha1`]: 'f'.repeat(40),
      [METADATA]: 'x',
      [`${METADATA}.md5`]: '0'.repeat(32),
    })
    const report = await publish()
    assert.deepEqual(
      report.waiting.map(({ path, reason }) => [path, reason.slice(0, 15)]),
      [
        [JAR, 'its .sha1 says '],
        [METADATA, 'its .md5 says 0'],
      ],
    )
    for (const [path, bytes] of Object.entries(withSha1(JAR, 'jar'))) {
      origin.files.set(path, Buffer.from(bytes))
    }
    origin.sent.length = 0
    const next = await publish()
    assert.deepEqual([next.added, next.waiting.length], [1, 1])
    // Bytes of what may change are kept only until the end of the run.
    assert.deepEqual(origin.sent.sort(), [`${JAR}.sha1`, METADATA, `${METADATA}.md5`])
  })

  it('looks only at the paths that are said to have changed', async (t) => {
    const { origin, publish } = await createSetting(t, { [JAR]: 'one', [METADATA]: 'x' })
    await publish()
    origin.files.set(POM, Buffer.from('pom'))
    origin.asked.length = 0
    const report = await publish([`${POM}.sha1`], { isChanges: true })
    assert.deepEqual([report.added, report.files], [1, 3])
    assert.ok(origin.asked.every((path) => path.startsWith(POM)))
  })

  it('publishes what it has from time to time', async (t) => {
    const { outDir, publish } = await createSetting(t, {
      [JAR]: 'one',
      [POM]: 'p',
      [METADATA]: 'x',
    })
    const report = await publish([JAR, POM, METADATA], { publishEveryMs: 0 })
    assert.deepEqual([report.added, report.files], [3, 3])
    assert.ok((await readHead(outDir)).seq >= 3)
    assert.equal((await readPublished(outDir))?.files.size, 3)
  })

  it('keeps the time of a file that has none at the origin', async (t) => {
    const { origin, outDir, publish } = await createSetting(t, { [METADATA]: 'x' })
    origin.trick = (request, response) => {
      if (request.url?.endsWith('.xml') !== true) return false
      response.writeHead(200).end('x')
      return true
    }
    await publish()
    const { index } = await readHead(outDir)
    const report = await publish(undefined, { nowMs: START_MS + 60_000 })
    assert.deepEqual([report.seq, (await readHead(outDir)).index], [1, index])
  })

  it('downloads nothing again after a kill', async (t) => {
    const names = Array.from({ length: 6 }, (_, i) => `a/b/1/${String(i)}.jar`)
    const files = Object.fromEntries([...names, METADATA].map((path) => [path, LARGE]))
    const { origin, outDir, repository, publish } = await createSetting(t, files)
    const last = names.at(-1) ?? ''
    const args = ['--conditions=source', SCRIPT, repository.stateDir, outDir, origin.url]
    const child = spawn(process.execPath, [...args, METADATA, ...names], { stdio: 'inherit' })
    const exit = once(child, 'exit')
    origin.trick = (request) => {
      if (request.url?.endsWith(last) !== true) return false
      child.kill('SIGKILL')
      return true
    }
    await exit
    origin.trick = undefined
    assert.deepEqual(origin.sent, names.slice(0, -1))
    origin.sent.length = 0
    const report = await publish()
    assert.deepEqual([report.files, origin.sent.sort()], [7, [last, METADATA].sort()])
    assert.equal((await readPublished(outDir))?.files.size, 7)
  })
})
