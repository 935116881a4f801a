import { sha256 } from '@jarswarm/manifest'
import { openDataDirectory } from '@jarswarm/store'
import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { makeRoot } from './_data-directory.ts'

const ROOT_BYTES = new TextEncoder().encode('1.root.json')
const REPOSITORY = sha256(ROOT_BYTES)
const INIT = { freeFloorBytes: 0 }

describe('FileTrustStore after a crash', () => {
  it('falls back to the other generation for every torn or flipped byte', async () => {
    const root = await makeRoot()
    const directory = await openDataDirectory(root, INIT)
    const record = (text: string): { roots: Uint8Array[]; manifest: Uint8Array } => ({
      roots: [ROOT_BYTES],
      manifest: new TextEncoder().encode(text),
    })
    await directory.trust.save(REPOSITORY, record('one'))
    await directory.trust.save(REPOSITORY, record('two'))
    const newest = join(root, 'trust', REPOSITORY, '1')
    const whole = await readFile(newest)
    for (let at = 0; at < whole.length; at += 1) {
      await writeFile(newest, whole.subarray(0, at))
      assert.deepEqual(await directory.trust.load(REPOSITORY), record('one'))
      const flipped = Uint8Array.from(whole)
      flipped[at] = (flipped[at] ?? 0) ^ 1
      await writeFile(newest, flipped)
      assert.deepEqual(await directory.trust.load(REPOSITORY), record('one'))
    }
    await directory.trust.save(REPOSITORY, record('three'))
    assert.deepEqual(await directory.trust.load(REPOSITORY), record('three'))
    await directory.close()
    await rm(root, { recursive: true })
  })

  it('refuses a repository id that is no digest', async () => {
    const root = await makeRoot()
    const directory = await openDataDirectory(root, INIT)
    const record = { roots: [ROOT_BYTES], manifest: undefined }
    await assert.rejects(directory.trust.save('../../x', record), TypeError)
    await assert.rejects(directory.trust.load('../../x'), TypeError)
    assert.throws(() => directory.index('../../x'), TypeError)
    await directory.close()
    await rm(root, { recursive: true })
  })
})
