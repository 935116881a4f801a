import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { TreeWatcher } from '../src/primary/tree-watcher.ts'
import { refuse, refuseWatches } from './_refuse-watches.ts'
import { temporaryDirectory } from './_swarm.ts'
import { waitFor } from './_wait-for.ts'

const IS_LINUX = process.platform === 'linux'

const QUEUE_FILE = '/proc/sys/fs/inotify/max_queued_events'
/** So many are made within seconds. */
const MAX_EVENTS = 1_000_000

interface Told {
  readonly watcher: TreeWatcher
  readonly paths: Set<string>
  readonly errors: unknown[]
  unknown: number
}

async function watchTree(t: TestContext, treeDir: string): Promise<Told> {
  const paths = new Set<string>()
  const errors: unknown[] = []
  const components = {
    onChange: (path: string) => paths.add(path),
    onUnknown: () => {
      told.unknown += 1
    },
    onFailure: (error: unknown) => errors.push(error),
  }
  const told: Told = { watcher: new TreeWatcher(components, treeDir), paths, errors, unknown: 0 }
  t.after(() => {
    told.watcher.stop()
  })
  await told.watcher.start()
  return told
}

const write = (treeDir: string, path: string): void => {
  mkdirSync(join(treeDir, path, '..'), { recursive: true })
  writeFileSync(join(treeDir, path), 'x')
}

describe('TreeWatcher', () => {
  it('tells of files in new directories however deep, when they come and later', async (t) => {
    const treeDir = temporaryDirectory(t)
    write(treeDir, 'old/1/file')
    const { paths } = await watchTree(t, treeDir)
    const news = ['old/1/other', 'old/2/a/file', 'new/a/b/c/file']
    for (const path of news) write(treeDir, path)
    await waitFor('what is new', () => news.every((path) => paths.has(path)))
    assert.ok(!paths.has('old/1/file'))
    write(treeDir, 'new/a/b/c/later')
    await waitFor('what came later', () => paths.has('new/a/b/c/later'))
    writeFileSync(join(treeDir, 'old/1/file'), 'y')
    await waitFor('what was changed', () => paths.has('old/1/file'))
  })

  it('tells of the files of a directory that is moved in, and that something was moved away', async (t) => {
    const [treeDir, outside] = [temporaryDirectory(t), temporaryDirectory(t)]
    write(outside, 'moved/a/file')
    const told = await watchTree(t, treeDir)
    renameSync(join(outside, 'moved'), join(treeDir, 'moved'))
    await waitFor('its file', () => told.paths.has('moved/a/file'))
    const { unknown } = told
    renameSync(join(treeDir, 'moved'), join(outside, 'moved'))
    await waitFor('its absence', () => told.unknown > unknown)
    renameSync(join(outside, 'moved'), join(treeDir, 'again'))
    await waitFor('its other name', () => told.paths.has('again/a/file'))
    write(treeDir, 'again/a/later')
    await waitFor('what was written there', () => told.paths.has('again/a/later'))
  })

  it('leaves out what is hidden', async (t) => {
    const treeDir = temporaryDirectory(t)
    write(treeDir, '.jarswarm/manifest')
    const { paths, watcher } = await watchTree(t, treeDir)
    for (const path of ['.jarswarm/manifest', '.other/file', 'a/.partial', 'a/file'])
      write(treeDir, path)
    await waitFor('the file', () => paths.has('a/file'))
    assert.deepEqual([...paths], ['a/file'])
    assert.equal(watcher.size, IS_LINUX ? 2 : 1)
  })

  it('lets go of directories that are removed', async (t) => {
    const treeDir = temporaryDirectory(t)
    write(treeDir, 'a/b/file')
    const { watcher } = await watchTree(t, treeDir)
    rmSync(join(treeDir, 'a'), { recursive: true })
    await waitFor('their end', () => watcher.size === 1)
  })

  it('says when the system has no room for it, and tells nothing more', async (t) => {
    const treeDir = temporaryDirectory(t)
    for (const path of ['a/file', 'b/file']) write(treeDir, path)
    refuseWatches(t, IS_LINUX ? 2 : 0)
    const { watcher, errors } = await watchTree(t, treeDir)
    assert.deepEqual([watcher.size, errors.length], [0, 1])
  })

  it('says when the tree itself cannot be watched', async (t) => {
    const { watcher, errors } = await watchTree(t, join(temporaryDirectory(t), 'none'))
    assert.equal(watcher.size, 0)
    assert.deepEqual(
      errors.map((error) => (error as NodeJS.ErrnoException).code),
      ['ENOENT'],
    )
  })

  it('goes on when it cannot be told what changed', async (t) => {
    const treeDir = temporaryDirectory(t)
    const told = await watchTree(t, treeDir)
    const isRefused = (path: string): boolean => path === join(treeDir, 'file')
    const undo = refuse(t, 'lstatSync', { code: 'EACCES', isRefused })
    write(treeDir, 'file')
    await waitFor('the doubt', () => told.unknown > 0)
    undo()
    write(treeDir, 'a/file')
    await waitFor('what came later', () => told.paths.has('a/file'))
  })

  const skipOthers = IS_LINUX ? false : 'only Linux has a watch for each directory'
  it(
    'leaves out directories that cannot be read until they can',
    { skip: skipOthers },
    async (t) => {
      const treeDir = temporaryDirectory(t)
      for (const path of ['a/file', 'lost+found/file', 'z/file']) write(treeDir, path)
      const refused = join(treeDir, 'lost+found')
      const undo = refuse(t, 'watch', { code: 'EACCES', isRefused: (path) => path === refused })
      const { watcher, paths, errors } = await watchTree(t, treeDir)
      assert.deepEqual([watcher.size, errors], [3, []])
      write(treeDir, 'z/later')
      await waitFor('what changed beside it', () => paths.has('z/later'))
      undo()
      chmodSync(refused, 0o700)
      await waitFor('what is in it', () => paths.has('lost+found/file'))
      assert.equal(watcher.size, 4)
    },
  )

  it('watches what comes in the place of a directory, by its name', async (t) => {
    const treeDir = temporaryDirectory(t)
    for (const path of ['a/1/file', 'b/1/file', 'c.new/1/new']) write(treeDir, path)
    const { paths } = await watchTree(t, treeDir)
    rmSync(join(treeDir, 'a'), { recursive: true })
    write(treeDir, 'a/1/again')
    renameSync(join(treeDir, 'b'), join(treeDir, 'b.old'))
    renameSync(join(treeDir, 'c.new'), join(treeDir, 'b'))
    const news = ['a/1/again', 'b.old/1/file', 'b/1/new']
    if (IS_LINUX) await waitFor('what came', () => news.every((path) => paths.has(path)))
    const later = ['a/1/later', 'b/1/later', 'b.old/1/other']
    for (const path of later) write(treeDir, path)
    await waitFor('what came later', () => later.every((path) => paths.has(path)))
    assert.ok(!paths.has('b/1/other') && !paths.has('c.new/1/later'))
  })

  const queued = IS_LINUX ? Number(readFileSync(QUEUE_FILE, 'utf8')) : Infinity
  const skip = queued > MAX_EVENTS && `the kernel keeps ${String(queued)} events`
  it(
    'does not trust the events when there were more than the kernel keeps',
    { skip },
    async (t) => {
      const treeDir = temporaryDirectory(t)
      write(treeDir, 'file')
      const told = await watchTree(t, treeDir)
      // All while nobody reads the events: two for each of these.
      for (let number = 0; number < 2 * Math.ceil(queued / 4) + 2; number += 1) {
        renameSync(
          join(treeDir, number % 2 === 0 ? 'file' : 'other'),
          join(treeDir, number % 2 === 0 ? 'other' : 'file'),
        )
      }
      await waitFor('the doubt', () => told.unknown > 0)
    },
  )
})
