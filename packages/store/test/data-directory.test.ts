import { sha256 } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import { DirectoryInUseError, ForeignDirectoryError } from '@jarswarm/ports'
import { openDataDirectory, StorageFailedError, StoreClosedError } from '@jarswarm/store'
import { Level } from 'level'
import assert from 'node:assert/strict'
import { chmod, cp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { blobPath, flipBit, makeRoot } from './_data-directory.ts'

function blob(text: string): { digest: Digest; bytes: Uint8Array } {
  const bytes = new TextEncoder().encode(text)
  return { digest: sha256(bytes), bytes }
}

const [A, B] = [blob('one blob'), blob('another blob')]
const INIT = { freeFloorBytes: 0 }

describe('openDataDirectory', () => {
  let root: string
  beforeEach(async () => {
    root = await makeRoot()
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  it('keeps everything over a restart', async () => {
    const first = await openDataDirectory(root, INIT)
    await first.blobs.put(A.digest, A.bytes)
    await first.trust.save(A.digest, { roots: [A.bytes], manifest: B.bytes })
    await first.records.set('links', [{ name: 'clojars' }])
    await first.index(A.digest).putObjects([B])
    const usage = first.blobs.usage()
    await first.close()
    const second = await openDataDirectory(root, INIT)
    assert.deepEqual(await second.blobs.read(A.digest), A.bytes)
    assert.deepEqual(second.blobs.usage(), usage)
    assert.deepEqual((await second.trust.load(A.digest))?.manifest, B.bytes)
    assert.deepEqual(await second.records.get('links'), [{ name: 'clojars' }])
    assert.deepEqual(await second.index(A.digest).getObject(B.digest), B.bytes)
    await second.close()
  })

  it('lets only the owner in', async () => {
    await chmod(root, 0o755)
    const directory = await openDataDirectory(root, INIT)
    await directory.blobs.put(A.digest, A.bytes)
    await directory.blobs.put(B.digest, B.bytes, { pinned: true })
    await directory.trust.save(A.digest, { roots: [A.bytes], manifest: undefined })
    await directory.close()
    assert.equal((await stat(root)).mode & 0o777, 0o700)
    const names = await readdir(root, { recursive: true, withFileTypes: true })
    // LevelDB's own files are closed off by their directory.
    for (const name of names.filter(({ parentPath }) => parentPath !== join(root, 'db'))) {
      const { mode } = await stat(join(name.parentPath, name.name))
      assert.equal(mode & 0o077, 0, join(name.parentPath, name.name))
    }
  })

  it('says at once where no directory can be made', async () => {
    const nowhere = process.platform === 'linux' ? '/proc/nowhere/data' : '/dev/null/nowhere/data'
    await assert.rejects(openDataDirectory(nowhere, INIT), /^\w+: Cannot (?:open|use) .*nowhere/)
  })

  it('creates the directory and its parents', async () => {
    const directory = await openDataDirectory(join(root, 'a', 'b'), INIT)
    await directory.close()
    assert.equal((await stat(join(root, 'a', 'b'))).mode & 0o777, 0o700)
  })

  it('takes a directory in which the user has put only a configuration', async () => {
    await writeFile(join(root, 'config.json'), '{}')
    await (await openDataDirectory(root, INIT)).close()
  })

  it('refuses a directory of somebody else, and writes nothing there', async () => {
    await writeFile(join(root, 'thesis.tex'), 'years of work')
    await assert.rejects(openDataDirectory(root, INIT), ForeignDirectoryError)
    assert.deepEqual(await readdir(root), ['thesis.tex'])
  })

  it('refuses a file, another version, another purpose and a broken marker', async () => {
    const file = join(root, 'file')
    await writeFile(file, '')
    await assert.rejects(openDataDirectory(file, INIT), ForeignDirectoryError)
    for (const marker of [
      { purpose: 'jarswarm data directory', version: 2 },
      { purpose: 'something else', version: 1 },
    ]) {
      await writeFile(join(root, 'jarswarm.json'), JSON.stringify(marker))
      await assert.rejects(openDataDirectory(root, INIT), ForeignDirectoryError)
    }
    for (const text of ['', '{', 'null', '[]']) {
      await writeFile(join(root, 'jarswarm.json'), text)
      await assert.rejects(openDataDirectory(root, INIT), ForeignDirectoryError)
    }
  })

  it('refuses a second user and names the first', async () => {
    const first = await openDataDirectory(root, INIT)
    await assert.rejects(openDataDirectory(root, INIT), (error: unknown) => {
      assert.ok(error instanceof DirectoryInUseError)
      assert.match(error.message, new RegExp(`process ${String(process.pid)}`))
      return true
    })
    await first.blobs.put(A.digest, A.bytes)
    await first.close()
    await (await openDataDirectory(root, INIT)).close()
  })

  it('refuses use after close, and closes twice', async () => {
    const directory = await openDataDirectory(root, INIT)
    const writer = await directory.blobs.createWriter({ digest: A.digest, sizeBytes: 8 })
    await directory.close()
    await directory.close()
    await assert.rejects(writer.write(0, A.bytes), TypeError)
    await assert.rejects(directory.blobs.has(A.digest), StoreClosedError)
    await assert.rejects(directory.blobs.put(A.digest, A.bytes), StoreClosedError)
    await assert.rejects(directory.records.get('x'), StoreClosedError)
    await assert.rejects(directory.index(A.digest).completeRoot(), StoreClosedError)
    assert.deepEqual(await readdir(join(root, 'tmp')), [])
  })

  it('ends what is under way before it closes', async () => {
    const directory = await openDataDirectory(root, INIT)
    const puts = Array.from({ length: 50 }, (_, at) => {
      const { digest, bytes } = blob(`blob ${String(at)}`)
      return directory.blobs.put(digest, bytes).then(
        () => digest,
        () => undefined,
      )
    })
    await directory.close()
    const acknowledged = (await Promise.all(puts)).filter((digest) => digest !== undefined)
    const again = await openDataDirectory(root, INIT)
    for (const digest of acknowledged) assert.equal(await again.blobs.has(digest), true)
    await again.close()
  })
})

describe('openDataDirectory after a crash', () => {
  let root: string
  beforeEach(async () => {
    root = await makeRoot()
    const directory = await openDataDirectory(root, INIT)
    await directory.blobs.put(A.digest, A.bytes, { pinned: true })
    await directory.blobs.put(B.digest, B.bytes)
    await directory.trust.save(A.digest, { roots: [A.bytes], manifest: B.bytes })
    await directory.close()
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  const unclean = (): Promise<void> => writeFile(join(root, 'pid'), '1\n')

  it('sets a corrupt database aside and rebuilds the records from the files', async () => {
    const names = await readdir(join(root, 'db'))
    const manifest = names.find((name) => name.startsWith('MANIFEST'))
    assert.ok(manifest)
    await truncate(join(root, 'db', manifest), 10)
    const directory = await openDataDirectory(root, { ...INIT, quotaBytes: 30 })
    assert.deepEqual(await directory.blobs.read(A.digest), A.bytes)
    assert.deepEqual(await directory.blobs.read(B.digest), B.bytes)
    assert.equal(directory.blobs.usage().bytes, A.bytes.length + B.bytes.length)
    assert.deepEqual((await directory.trust.load(A.digest))?.manifest, B.bytes)
    // The pin survived: B goes, A stays.
    const large = blob('a blob that needs room')
    await directory.blobs.put(large.digest, large.bytes)
    assert.equal(await directory.blobs.has(A.digest), true)
    assert.equal(await directory.blobs.has(B.digest), false)
    await directory.close()
    assert.ok((await readdir(root)).includes('db.damaged'))
  })

  it('begins the database anew when a part of its journal is zeros, which LevelDB would leave out without a word', async (t) => {
    const crashed = `${root}.crashed`
    t.after(() => rm(crashed, { recursive: true }))
    const open = await openDataDirectory(root, INIT)
    await open.records.set('x', 'acknowledged')
    await open.records.set('y', 'acknowledged')
    await cp(root, crashed, { recursive: true })
    await open.close()
    const [log = ''] = (await readdir(join(crashed, 'db'))).filter((name) => name.endsWith('.log'))
    const journal = await readFile(join(crashed, 'db', log))
    await writeFile(join(crashed, 'db', log), journal.fill(0, 0, 7))
    const directory = await openDataDirectory(crashed, INIT)
    assert.deepEqual(await directory.blobs.read(A.digest), A.bytes)
    assert.deepEqual((await directory.trust.load(A.digest))?.manifest, B.bytes)
    await directory.close()
    assert.ok((await readdir(crashed)).includes('db.damaged'))
  })

  it('has nothing in the journal when it was closed: nobody could tell that its end is missing', async () => {
    const logs = (await readdir(join(root, 'db'))).filter((name) => name.endsWith('.log'))
    assert.equal(logs.length, 1)
    for (const name of logs) assert.equal((await readFile(join(root, 'db', name))).length, 0)
  })

  it('rebuilds the records when the database is gone', async () => {
    await rm(join(root, 'db'), { recursive: true })
    const directory = await openDataDirectory(root, INIT)
    assert.equal(directory.blobs.usage().blobs, 2)
    await directory.close()
  })

  it('adopts files without record, drops records without file, and clears what was in the making', async () => {
    await unclean()
    const orphan = blob('named but not recorded')
    await writeFile(blobPath(root, orphan.digest), orphan.bytes)
    await writeFile(join(root, 'tmp', '7'), 'half')
    await writeFile(join(root, 'tmp', `index-${A.digest}-objects`), 'half')
    await rm(blobPath(root, B.digest))
    const directory = await openDataDirectory(root, INIT)
    assert.deepEqual(await directory.blobs.read(orphan.digest), orphan.bytes)
    assert.equal(await directory.blobs.has(B.digest), false)
    assert.equal(directory.blobs.usage().blobs, 2)
    assert.deepEqual(await readdir(join(root, 'tmp')), [])
    await directory.close()
  })

  it('does not adopt an emptied file, nor names that are no digests', async () => {
    await unclean()
    const orphan = blob('lost its bytes')
    await writeFile(blobPath(root, orphan.digest), '')
    await writeFile(join(root, 'blobs', '00', 'README'), '')
    const empty = blob('')
    await writeFile(blobPath(root, empty.digest), '')
    const directory = await openDataDirectory(root, INIT)
    assert.equal(await directory.blobs.has(orphan.digest), false)
    assert.equal(await directory.blobs.has(empty.digest), true)
    assert.deepEqual(await readdir(join(root, 'damaged')), [orphan.digest])
    await directory.close()
  })

  it('forgets a blob whose file vanished or shrank when it is read', async () => {
    const directory = await openDataDirectory(root, INIT)
    await rm(blobPath(root, A.digest))
    await truncate(blobPath(root, B.digest), 3)
    for (const { digest, bytes } of [A, B]) {
      assert.equal(await directory.blobs.read(digest), undefined)
      assert.equal(await directory.blobs.has(digest), false)
      await directory.blobs.put(digest, bytes)
      assert.deepEqual(await directory.blobs.read(digest), bytes)
    }
    await directory.close()
  })

  it('finds missing, corrupt and unreferenced blobs, and mends them', async () => {
    const directory = await openDataDirectory(root, INIT)
    const [sound, bad] = [blob('sound orphan'), blob('bad orphan')]
    await rm(blobPath(root, A.digest))
    await flipBit(blobPath(root, B.digest))
    await writeFile(blobPath(root, sound.digest), sound.bytes)
    await writeFile(blobPath(root, bad.digest), 'other bytes')
    const check = async (repair: boolean): Promise<string[]> => {
      const findings: string[] = []
      for await (const { kind, digest } of directory.blobs.check({ repair })) {
        findings.push(`${kind} ${digest}`)
      }
      return findings.sort()
    }
    const wanted = [
      `missing ${A.digest}`,
      `corrupt ${B.digest}`,
      `unreferenced ${sound.digest}`,
      `unreferenced ${bad.digest}`,
    ].sort()
    assert.deepEqual(await check(false), wanted)
    assert.deepEqual(await check(true), wanted)
    assert.deepEqual(await check(false), [])
    assert.deepEqual(await directory.blobs.read(sound.digest), sound.bytes)
    assert.equal(await directory.blobs.has(A.digest), false)
    assert.deepEqual((await readdir(join(root, 'damaged'))).sort(), [B.digest, bad.digest].sort())
    await directory.close()
  })
})

describe('openDataDirectory when the database fails', () => {
  it('keeps nothing of a failed write, reads on, recovers, and compares at the next start', async () => {
    const root = await makeRoot()
    let broken = false
    const openLevel = async (location: string): Promise<Level> => {
      const level = new Level(location)
      await level.open()
      const batch = level.batch.bind(level) as (...args: unknown[]) => Promise<void>
      const value = (...args: unknown[]): Promise<void> =>
        broken ? Promise.reject(new Error('IO error: 000005.log: bad sector')) : batch(...args)
      return Object.defineProperty(level, 'batch', { value })
    }
    try {
      const directory = await openDataDirectory(root, INIT, { openLevel })
      await directory.blobs.put(A.digest, A.bytes)
      broken = true
      await assert.rejects(directory.blobs.put(B.digest, B.bytes), StorageFailedError)
      await assert.rejects(directory.records.set('x', 1), StorageFailedError)
      assert.deepEqual(await directory.blobs.read(A.digest), A.bytes)
      assert.deepEqual(await readdir(join(root, 'blobs', B.digest.slice(0, 2))), [])
      broken = false
      await directory.blobs.put(B.digest, B.bytes)
      assert.deepEqual(await directory.blobs.read(B.digest), B.bytes)
      await directory.close()
      assert.equal(await readFile(join(root, 'pid'), 'utf8'), `${String(process.pid)}\n`)
      const again = await openDataDirectory(root, INIT)
      assert.equal(again.blobs.usage().blobs, 2)
      await again.close()
    } finally {
      await rm(root, { recursive: true, force: true })
    }
  })
})
