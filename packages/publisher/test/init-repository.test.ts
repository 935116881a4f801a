import assert from 'node:assert/strict'
import { chmod, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { KeysExposedError } from '@jarswarm/files'
import { sha256 } from '@jarswarm/manifest'
import {
  initRepository,
  publishTree,
  readPublishedLink,
  StateDirectoryError,
  StateLockedError,
} from '../src/index.ts'
import { openStateDirectory } from '../src/state-directory.ts'
import { lockState } from '../src/state-lock.ts'
import { createRepository } from './_temporary.ts'

describe('initRepository', () => {
  it('makes keys that only their owner reads, and a root that names the repository', async (t) => {
    const { root } = await createRepository(t)
    const stateDir = join(root, 'new/state')
    const origin = 'https://repo.example.org/'
    const made = await initRepository({ stateDir, name: 'clojars', origin })
    assert.equal(made.id, sha256(await readFile(join(stateDir, 'roots/1.root.json'))))
    assert.ok(made.link.startsWith(`jarswarm:${made.id}?name=clojars`))
    for (const role of ['root', 'timestamp', 'publisher']) {
      assert.equal((await stat(join(stateDir, 'keys', `${role}.pem`))).mode & 0o777, 0o600)
    }
    assert.deepEqual(await readPublishedLink(stateDir), made)
  })

  it('refuses a directory that holds anything', async (t) => {
    const { root, stateDir } = await createRepository(t)
    await writeFile(join(root, 'x'), '')
    for (const occupied of [root, stateDir]) {
      await assert.rejects(initRepository({ stateDir: occupied, name: 'x' }), StateDirectoryError)
    }
  })

  it('says at once where no directory can be made', async () => {
    await assert.rejects(initRepository({ stateDir: '/proc/nowhere/state', name: 'x' }))
  })

  it('leaves nothing behind when the name is none', async (t) => {
    const { root } = await createRepository(t)
    const stateDir = join(root, 'bad')
    await assert.rejects(initRepository({ stateDir, name: 'Not A Name' }))
    await assert.rejects(stat(stateDir), { code: 'ENOENT' })
  })
})

describe('a state directory', () => {
  it('is refused when others can read a key, or put another one there', async (t) => {
    const { stateDir, treeDir } = await createRepository(t)
    const keys = ['publisher', 'timestamp', 'root'].map((role) => `keys/${role}.pem`)
    for (const name of [...keys, 'keys', '.']) {
      const path = join(stateDir, name)
      const { mode } = await stat(path)
      await chmod(path, mode | 0o040)
      await assert.rejects(publishTree({ stateDir, treeDir }), KeysExposedError, name)
      await chmod(path, mode)
    }
    assert.ok(await readPublishedLink(stateDir))
  })

  it('is opened while an old key is being taken away', async (t) => {
    const { stateDir } = await createRepository(t)
    // Listed, and gone when it is looked at.
    await symlink('nowhere', join(stateDir, 'keys/timestamp-old.pem'))
    assert.equal((await openStateDirectory(stateDir)).path, stateDir)
  })

  it('is for its owner alone, whatever the umask is', async (t) => {
    const { root } = await createRepository(t)
    const before = process.umask(0)
    t.after(() => process.umask(before))
    for (const mask of [0, 0o077]) {
      process.umask(mask)
      const stateDir = join(root, `state-${String(mask)}`)
      await initRepository({ stateDir, name: 'clojars' })
      for (const [name, wanted] of [
        ['.', 0o700],
        ['keys', 0o700],
        ['keys/root.pem', 0o600],
      ] as const)
        assert.equal((await stat(join(stateDir, name))).mode & 0o777, wanted, name)
    }
  })

  it('is refused when it is of another version, or none', async (t) => {
    const { stateDir, treeDir, root } = await createRepository(t)
    await assert.rejects(publishTree({ stateDir: root, treeDir }), StateDirectoryError)
    await writeFile(join(stateDir, 'jarswarm-publisher'), 'jarswarm publisher 9\n')
    await assert.rejects(publishTree({ stateDir, treeDir }), StateDirectoryError)
  })

  it('is used by one publisher at a time, and freed by a dead one', async (t) => {
    const { stateDir, treeDir, write } = await createRepository(t)
    await write('a/b/1/b-1.jar', 'x')
    {
      await using lock = await lockState(stateDir)
      assert.ok(lock.path)
      await assert.rejects(publishTree({ stateDir, treeDir }), StateLockedError)
    }
    // No process of this number began at that time.
    await writeFile(join(stateDir, 'lock'), `${String(process.pid)} another-boot:1\n`)
    assert.equal((await publishTree({ stateDir, treeDir })).seq, 1)
  })
})
