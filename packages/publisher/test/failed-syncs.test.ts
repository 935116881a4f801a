import assert from 'node:assert/strict'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { publishTree } from '../src/index.ts'
import { readPublished } from './_reader.ts'
import { createRepository } from './_temporary.ts'

const OLD = 'org/example/old/1/old-1.jar'
const NEW = 'org/example/new/1/new-1.jar'
const OTHER = 'org/example/other/1/other-1.jar'

describe('a release of which a sync failed', () => {
  it('is published once it was written anew, and not before, whatever else is', async (t) => {
    const { stateDir, treeDir, write } = await createRepository(t)
    const publish = (): ReturnType<typeof publishTree> => publishTree({ stateDir, treeDir })
    const paths = async (): Promise<readonly string[]> => {
      return [...((await readPublished(treeDir))?.files.keys() ?? [])]
    }
    await write(OLD, 'old')
    await publish()
    await write(NEW, 'new')
    await using handle = await open(`${treeDir}/${NEW}`)
    const eio = Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' })
    const methods = Object.getPrototypeOf(handle) as FileHandle
    // Nothing is synced before the releases are.
    t.mock.method(methods, 'sync', () => Promise.reject(eio), { times: 1 })
    await assert.rejects(publish(), {
      code: 'ERR_FAILED_SYNC',
      message: /EIO.*write it there anew/,
    })
    assert.deepEqual(await paths(), [OLD])
    await write(OTHER, 'other')
    const { waiting } = await publish()
    assert.deepEqual(
      waiting.map(({ path }) => path),
      [NEW],
    )
    assert.match(waiting[0]?.reason ?? '', /its sync failed.*write it there anew/)
    assert.deepEqual(await paths(), [OLD, OTHER])
    await write(NEW, 'new')
    assert.deepEqual((await publish()).waiting, [])
    assert.deepEqual(await paths(), [NEW, OLD, OTHER])
  })
})
