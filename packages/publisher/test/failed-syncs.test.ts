import assert from 'node:assert/strict'
import { chmod, link, mkdir, open, rename } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { DurableFiles } from '../src/durable-files.ts'
import { FailedSyncs } from '../src/failed-syncs.ts'
import { publishTree } from '../src/index.ts'
import type { PublishReport } from '../src/index.ts'
import type { TreeFile } from '../src/tree-file.ts'
import { readPublished } from './_reader.ts'
import { createRepository } from './_temporary.ts'

const OLD = 'org/example/old/1/old-1.jar'
const NEW = 'org/example/new/1/new-1.jar'
const OTHER = 'org/example/other/1/other-1.jar'

/** Has the next sync of a file fail: nothing is synced before the releases are. */
async function failSync(t: TestContext, file: string): Promise<void> {
  await using handle = await open(file)
  const eio = Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' })
  const methods = Object.getPrototypeOf(handle) as FileHandle
  t.mock.method(methods, 'sync', () => Promise.reject(eio), { times: 1 })
}

const waitingOf = ({ waiting }: PublishReport): readonly string[] => waiting.map(({ path }) => path)

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
    await failSync(t, `${treeDir}/${NEW}`)
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

  it('waits although its name, its rights or the number of its names changed', async (t) => {
    const { stateDir, treeDir, write } = await createRepository(t)
    const publish = (): ReturnType<typeof publishTree> => publishTree({ stateDir, treeDir })
    await write(OLD, 'old')
    await publish()
    await write(NEW, 'new')
    await failSync(t, `${treeDir}/${NEW}`)
    await assert.rejects(publish(), { code: 'ERR_FAILED_SYNC' })
    await chmod(`${treeDir}/${NEW}`, 0o600)
    assert.deepEqual(waitingOf(await publish()), [NEW])
    await mkdir(`${treeDir}/org/example/other/1`, { recursive: true })
    await rename(`${treeDir}/${NEW}`, `${treeDir}/${OTHER}`)
    assert.deepEqual(waitingOf(await publish()), [OTHER])
    await link(`${treeDir}/${OTHER}`, `${treeDir}/${NEW}`)
    assert.deepEqual(waitingOf(await publish()), [NEW, OTHER])
  })

  it('waits in the same process although the state directory could not take note of it, until it can', async (t) => {
    const { stateDir, treeDir, write } = await createRepository(t)
    const failedSyncs = new Set<string>()
    const publish = (): ReturnType<typeof publishTree> =>
      publishTree({ stateDir, treeDir, failedSyncs })
    await write(OLD, 'old')
    await publish()
    await write(NEW, 'new')
    await failSync(t, `${treeDir}/${NEW}`)
    const eio = Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' })
    const failing = t.mock.method(DurableFiles.prototype, 'write', () => Promise.reject(eio))
    await assert.rejects(publish(), {
      code: 'ERR_FAILED_SYNC',
      message: /write it there anew before the next publish.*EIO/,
    })
    await assert.rejects(publish(), eio)
    failing.mock.restore()
    assert.deepEqual(waitingOf(await publish()), [NEW])
    // The state directory knows it now, and with it every other process.
    assert.deepEqual(waitingOf(await publishTree({ stateDir, treeDir })), [NEW])
  })
})

describe('FailedSyncs', () => {
  it('writes all again after a write that failed', async (t) => {
    const { root, stateDir } = await createRepository(t)
    const path = `${root}/failed`
    const files = new DurableFiles(`${stateDir}/tmp`)
    await files.start()
    const failed = await FailedSyncs.read(path, files)
    const fileOf = (ino: bigint): TreeFile =>
      ({ stat: { ino, size: 1n, mtimeNs: 2n } }) as unknown as TreeFile
    const eio = new Error('EIO')
    t.mock.method(files, 'write', () => Promise.reject(eio), { times: 1 })
    await assert.rejects(failed.add(fileOf(1n)), eio)
    await failed.add(fileOf(2n))
    const read = await FailedSyncs.read(path, files)
    assert.deepEqual(
      [1n, 2n, 3n].map((ino) => read.has(fileOf(ino))),
      [true, true, false],
    )
  })
})
