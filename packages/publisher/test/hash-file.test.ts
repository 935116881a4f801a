import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { appendFile, lstat, open, readFile, writeFile } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import os from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { parsePath } from '@jarswarm/maven'
import { DurableFiles } from '../src/durable-files.ts'
import { FailedSyncs } from '../src/failed-syncs.ts'
import { hashFile } from '../src/hash-file.ts'
import { UnsteadyFileError } from '../src/errors.ts'
import { judgeFile } from '../src/judge-file.ts'
import type { TreeFile } from '../src/tree-file.ts'
import { createRepository } from './_temporary.ts'

async function createFile(t: TestContext, content: Uint8Array): Promise<TreeFile> {
  const { treeDir } = await createRepository(t)
  const realPath = join(treeDir, 'x.jar')
  await writeFile(realPath, content)
  const stat = await lstat(realPath, { bigint: true })
  return { kind: 'file', path: parsePath('x.jar'), realPath, stat, sidecars: [] }
}

/** Has the machine run for as long as is said. */
function setUptime(t: TestContext, machine: { readonly seconds: number }): void {
  const { mock } = t.mock.method(os, 'uptime', () => machine.seconds)
  syncBuiltinESMExports()
  t.after(() => {
    mock.restore()
    syncBuiltinESMExports()
  })
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe('hashFile', () => {
  for (const size of [0, 1, 262_144, 262_145, 524_288, 600_000]) {
    it(`hashes ${String(size)} bytes and their pieces in one pass, and copies them`, async (t) => {
      const content = Buffer.alloc(size, 'jar')
      const file = await createFile(t, content)
      const copyTo = `${file.realPath}.copy`
      const digests = await hashFile(file, { copyTo })
      assert.equal(digests.digest, sha256(content))
      assert.equal(digests.sha1, createHash('sha1').update(content).digest('hex'))
      assert.equal(digests.sizeBytes, size)
      assert.equal(digests.pieces?.length, size > 262_144 ? Math.ceil(size / 262_144) : undefined)
      assert.equal(digests.pieces?.[0], digests.pieces && sha256(content.subarray(0, 262_144)))
      assert.deepEqual(await readFile(copyTo), content)
    })
  }

  it('refuses a file that changed since it was listed', async (t) => {
    const file = await createFile(t, Buffer.from('one'))
    await appendFile(file.realPath, 'more')
    await assert.rejects(hashFile(file), UnsteadyFileError)
  })

  it('refuses a file that changes while it is read', async (t) => {
    const file = await createFile(t, Buffer.alloc(2_000_000))
    let looks = 0
    const signal = {
      throwIfAborted() {
        looks += 1
        // Looked at once a piece; the file is written to between two of them.
        if (looks === 2) writing = appendFile(file.realPath, 'more')
      },
    } as unknown as AbortSignal
    let writing: Promise<void> | undefined
    await assert.rejects(hashFile(file, { signal }), UnsteadyFileError)
    await writing
  })
})

describe('judgeFile', () => {
  it('syncs a release that was written a moment ago, as any may be soon after a start, and no other', async (t) => {
    const [fresh, old] = [
      await createFile(t, Buffer.from('one')),
      await createFile(t, Buffer.from('two')),
    ]
    await using handle = await open(fresh.realPath)
    const sync = t.mock.method(Object.getPrototypeOf(handle) as FileHandle, 'sync')
    const kept: TreeFile[] = []
    const options = {
      temporaryPath: () => '',
      stage: () => Promise.resolve(''),
      keepName: (file: TreeFile) => kept.push(file),
      failedSyncs: await FailedSyncs.read(`${fresh.realPath}.none`, new DurableFiles('')),
      signal: undefined,
    }
    const machine = { seconds: 3_600 }
    setUptime(t, machine)
    await judgeFile(fresh, undefined, options)
    assert.deepEqual([sync.mock.callCount(), kept], [1, [fresh]])
    const aDayLater = t.mock.method(Date, 'now', () => Number(old.stat.ctimeMs) + 86_400_000)
    await judgeFile(old, undefined, options)
    assert.deepEqual([sync.mock.callCount(), kept], [1, [fresh]])
    // The clock was set right by a day after the file was written.
    machine.seconds = 3_599
    await judgeFile(old, undefined, options)
    aDayLater.mock.restore()
    assert.deepEqual([sync.mock.callCount(), kept], [2, [fresh, old]])
  })

  it('lets a file wait that cannot be read', async (t) => {
    const file = await createFile(t, Buffer.from('one'))
    const verdict = await judgeFile({ ...file, realPath: `${file.realPath}.gone` }, undefined, {
      temporaryPath: () => '',
      stage: () => Promise.resolve(''),
      keepName: () => assert.fail('nothing is published of it'),
      failedSyncs: await FailedSyncs.read(`${file.realPath}.none`, new DurableFiles('')),
      signal: undefined,
    })
    assert.equal(verdict.waiting, 'cannot read it: ENOENT')
    assert.equal(verdict.recorded, undefined)
  })
})
