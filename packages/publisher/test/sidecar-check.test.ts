import assert from 'node:assert/strict'
import { lstat, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { parsePath } from '@jarswarm/maven'
import { hashFile } from '../src/hash-file.ts'
import { checkSidecars } from '../src/sidecar-check.ts'
import type { TreeFile } from '../src/tree-file.ts'
import { createRepository } from './_temporary.ts'

describe('checkSidecars', () => {
  it('reads no sidecar that was swapped since it was listed', async (t) => {
    const { treeDir } = await createRepository(t)
    const realPath = join(treeDir, 'x.jar')
    const filePath = `${realPath}.md5`
    await writeFile(realPath, 'one')
    await writeFile(filePath, 'f97c5d29941bfb1b2fdab0874906ab82')
    await writeFile(join(treeDir, 'secret'), 'the text of a secret')
    const bigint = { bigint: true } as const
    const file: TreeFile = {
      kind: 'file',
      path: parsePath('x.jar'),
      realPath,
      stat: await lstat(realPath, bigint),
      sidecars: [{ algorithm: 'md5', filePath, stat: await lstat(filePath, bigint) }],
    }
    const digests = await hashFile(file)
    assert.deepEqual(await checkSidecars(file, digests), [])
    await rename(filePath, join(treeDir, 'aside'))
    await symlink(join(treeDir, 'secret'), filePath)
    assert.match((await checkSidecars(file, digests))[0]?.reason ?? '', /says nothing \(.*ELOOP/)
    await rename(join(treeDir, 'secret'), filePath)
    assert.match((await checkSidecars(file, digests))[0]?.reason ?? '', /says something else/)
  })
})
