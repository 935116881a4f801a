import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { UnavailableError } from '@jarswarm/ports'
import { openTreeFile } from '../src/primary/tree-file.ts'
import { temporaryDirectory } from './_swarm.ts'

const NAME = 'd/file'

/** A tree with one file, beside a directory with a secret of the same name. */
function createPlace(t: TestContext) {
  const place = realpathSync(temporaryDirectory(t))
  const root = join(place, 'tree')
  const outside = join(place, 'outside')
  for (const [directory, text] of [
    [join(root, 'd'), 'published'],
    [outside, 'a secret'],
  ] as const) {
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, 'file'), text)
  }
  return { root, outside, file: join(root, NAME), directory: join(root, 'd') }
}

/** Run something before each call of a function of the file system, with the number of the call. */
function before(
  t: TestContext,
  name: 'open' | 'realpath' | 'stat',
  act: (call: number) => void,
): void {
  const real = files[name] as (...args: unknown[]) => Promise<unknown>
  let calls = 0
  const { mock } = t.mock.method(files, name, (...args: unknown[]) => {
    calls += 1
    act(calls)
    return real(...args)
  })
  syncBuiltinESMExports()
  t.after(() => {
    mock.restore()
    syncBuiltinESMExports()
  })
}

async function textOf(root: string, name = NAME): Promise<string | undefined> {
  const file = await openTreeFile(root, name)
  if (file === undefined) return undefined
  await using handle = file.handle
  return await handle.readFile('utf8')
}

/** Put a link out of the tree in the place of a directory. */
function leadOut({ directory, outside }: { readonly directory: string; readonly outside: string }) {
  renameSync(directory, `${directory}.aside`)
  symlinkSync(outside, directory)
}

function leadBack({ directory }: { readonly directory: string }): void {
  rmSync(directory)
  renameSync(`${directory}.aside`, directory)
}

describe('openTreeFile', () => {
  it('opens files, and follows links that stay in the tree', async (t) => {
    const { root } = createPlace(t)
    symlinkSync('d', join(root, 'link'))
    assert.equal(await textOf(root), 'published')
    assert.equal(await textOf(root, 'link/file'), 'published')
  })

  it('opens nothing that a link leads out to', async (t) => {
    const { root, outside } = createPlace(t)
    symlinkSync(outside, join(root, 'link'))
    assert.equal(await textOf(root, 'link/file'), undefined)
  })

  it('follows no link that a file is swapped for before it is opened', async (t) => {
    const { root, outside, file } = createPlace(t)
    before(t, 'open', () => {
      rmSync(file)
      symlinkSync(join(outside, 'file'), file)
    })
    assert.equal(await textOf(root), undefined)
  })

  it('gives nothing from where a directory leads out before it is opened', async (t) => {
    const place = createPlace(t)
    before(t, 'open', () => {
      leadOut(place)
    })
    assert.equal(await textOf(place.root), undefined)
  })

  it('gives the file of the tree when a directory leads out for a moment', async (t) => {
    const place = createPlace(t)
    before(t, 'open', (call) => {
      if (call === 1) leadOut(place)
    })
    before(t, 'realpath', (call) => {
      if (call === 2) leadBack(place)
    })
    assert.equal(await textOf(place.root), 'published')
  })

  it('is not deceived by a directory that leads out at each look at the file', async (t) => {
    if (process.platform !== 'linux') {
      t.skip('needs a system that tells where an open file is')
      return
    }
    const place = createPlace(t)
    before(t, 'open', () => {
      leadOut(place)
    })
    before(t, 'stat', () => {
      leadOut(place)
    })
    before(t, 'realpath', (call) => {
      if (call > 1) leadBack(place)
    })
    await assert.rejects(textOf(place.root), UnavailableError)
  })

  it('opens what was renamed into place meanwhile', async (t) => {
    const { root, file } = createPlace(t)
    before(t, 'stat', (call) => {
      if (call > 1) return
      writeFileSync(`${file}.new`, 'published later')
      renameSync(`${file}.new`, file)
    })
    assert.equal(await textOf(root), 'published later')
  })

  it('does not wait for who might write to a pipe', { timeout: 20_000 }, async (t) => {
    const { root, file } = createPlace(t)
    rmSync(file)
    execFileSync('mkfifo', [file])
    // As many as there are threads that open files.
    const all = await Promise.all(Array.from({ length: 4 }, () => textOf(root)))
    assert.ok(all.every((text) => text === undefined))
  })
})
