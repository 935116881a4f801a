import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { TreeWatcher } from '../src/primary/tree-watcher.ts'
import { refuseWatches } from './_refuse-watches.ts'
import { temporaryDirectory } from './_swarm.ts'
import { waitFor } from './_wait-for.ts'

const IS_LINUX = process.platform === 'linux'

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

  const skip = IS_LINUX ? false : 'only Linux keeps a bounded number of events'
  it(
    'does not trust the events when there were more than the kernel keeps',
    { skip },
    async (t) => {
      const treeDir = temporaryDirectory(t)
      write(treeDir, 'file')
      const told = await watchTree(t, treeDir)
      // All while nobody reads the events: two for each of these, and the kernel keeps 16 384 of them.
      for (let round = 0; told.unknown === 0 && round < 20; round += 1) {
        for (let number = 0; number < 9_000; number += 1) {
          renameSync(
            join(treeDir, number % 2 === 0 ? 'file' : 'other'),
            join(treeDir, number % 2 === 0 ? 'other' : 'file'),
          )
        }
        await waitFor('the events', () => told.paths.size > 0)
        told.paths.clear()
      }
      assert.ok(told.unknown > 0)
    },
  )
})
