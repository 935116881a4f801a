import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import {
  checkPrivate,
  KeysExposedError,
  PUBLIC_FILE_MODE,
  readPrivateFile,
  writeFileAtomically,
} from '../src/index.ts'

const IS_ROOT = process.getuid?.() === 0
/** Some user that is neither root nor this one. */
const STRANGER = 12_345

function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'jarswarm-files-'))
  t.after(() => {
    rmSync(directory, { recursive: true, force: true })
  })
  return directory
}

async function makeKey(t: TestContext, mode = 0o600): Promise<string> {
  const path = join(temporaryDirectory(t), 'key.pem')
  await writeFile(path, 'secret')
  await chmod(path, mode)
  return path
}

const modeOf = async (path: string): Promise<number> => (await lstat(path)).mode & 0o777

describe('readPrivateFile', () => {
  it('reads what only its owner may read', async (t) => {
    for (const mode of [0o600, 0o400])
      assert.equal((await readPrivateFile(await makeKey(t, mode))).toString(), 'secret')
  })

  it('refuses what others can do anything with, and says what to do', async (t) => {
    for (const mode of [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o4640]) {
      const path = await makeKey(t, mode)
      await assert.rejects(readPrivateFile(path), (error) => {
        const found = mode.toString(8).padStart(4, '0')
        assert.ok(error instanceof KeysExposedError)
        assert.equal(
          error.message,
          `Cannot use ${path}: found mode ${found}, wanted 0600, for its owner only; run "chmod 600 ${path}"`,
        )
        return true
      })
    }
  })

  it('looks at the file that a link leads to', async (t) => {
    const path = await makeKey(t, 0o644)
    const link = `${path}.link`
    await symlink(path, link)
    await assert.rejects(readPrivateFile(link), KeysExposedError)
    await chmod(path, 0o600)
    assert.equal((await readPrivateFile(link)).toString(), 'secret')
  })

  it('takes what another program pipes in', async () => {
    const script = `import { readPrivateFile } from '@jarswarm/files'; process.stdout.write(await readPrivateFile('/dev/stdin'))`
    const read = ['--conditions=source', '--input-type=module', '-e', script]
    const pipe = ['-c', 'printf piped | "$0" "$@"', process.execPath, ...read]
    const { stdout } = await promisify(execFile)('/bin/sh', pipe)
    assert.equal(stdout, 'piped')
  })

  it('refuses what another user can change', async (t) => {
    if (!IS_ROOT) {
      t.skip('needs root, to give a file to another user')
      return
    }
    const path = await makeKey(t)
    await chown(path, STRANGER, STRANGER)
    // Root reads what is its users'.
    assert.equal((await readPrivateFile(path)).toString(), 'secret')
    const withUsers = process as Required<Pick<NodeJS.Process, 'getuid'>>
    t.mock.method(withUsers, 'getuid', () => STRANGER + 1)
    await assert.rejects(readPrivateFile(path), /found it owned by user 12345, wanted user 12346/)
    await chown(path, 0, 0)
    assert.equal((await readPrivateFile(path)).toString(), 'secret')
  })
})

describe('checkPrivate', () => {
  it('refuses a directory that others can look into or change', async (t) => {
    const directory = temporaryDirectory(t)
    await checkPrivate(directory)
    for (const mode of [0o750, 0o705, 0o710, 0o701, 0o720, 0o1777]) {
      await chmod(directory, mode)
      await assert.rejects(checkPrivate(directory), /wanted 0700.*run "chmod 700 /)
    }
  })
})

describe('writeFileAtomically', () => {
  it('makes private files and public ones, whatever the umask is', async (t) => {
    const directory = temporaryDirectory(t)
    const before = process.umask(0)
    t.after(() => process.umask(before))
    for (const mask of [0, 0o022, 0o077]) {
      process.umask(mask)
      await writeFileAtomically(join(directory, 'key'), 'secret')
      await writeFileAtomically(join(directory, 'list'), 'list', { mode: PUBLIC_FILE_MODE })
      assert.equal(await modeOf(join(directory, 'key')), 0o600)
      assert.equal(await modeOf(join(directory, 'list')), 0o644 & ~mask)
    }
  })

  it('leaves nothing behind when it fails', async (t) => {
    const directory = temporaryDirectory(t)
    const inTheWay = join(directory, 'key')
    await mkdir(inTheWay)
    await assert.rejects(writeFileAtomically(inTheWay, 'secret'), { code: 'EISDIR' })
    assert.deepEqual(await readdir(directory), ['key'])
  })

  it('follows no link, and takes over no file, that somebody put in its way', async (t) => {
    const directory = temporaryDirectory(t)
    const [file, target] = [join(directory, 'key'), join(directory, 'target')]
    await writeFile(target, 'theirs')
    await symlink(target, `${file}.new`)
    await writeFileAtomically(file, 'secret')
    assert.equal(await readFile(target, 'utf8'), 'theirs')
    assert.equal((await lstat(file)).isSymbolicLink(), false)
    await writeFile(`${file}.new`, 'open for all', { mode: 0o666 })
    await writeFileAtomically(file, 'secret')
    assert.equal(await modeOf(file), 0o600)
    await mkdir(`${file}.new`)
    await assert.rejects(writeFileAtomically(file, 'other'))
    assert.equal((await stat(file)).size, 'secret'.length)
  })
})
