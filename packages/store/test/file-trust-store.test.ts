import { sha256 } from '@jarswarm/manifest'
import type { Logger } from '@jarswarm/ports'
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

  it('says loudly when no generation can be read, and nothing when there was none', async () => {
    const root = await makeRoot()
    const errors: string[] = []
    const silent = (): void => undefined
    const logger: Logger = {
      debug: silent,
      info: silent,
      warn: silent,
      error: (_fields, message) => {
        errors.push(message)
      },
    }
    const directory = await openDataDirectory(root, INIT, { logger })
    assert.equal(await directory.trust.load(REPOSITORY), undefined)
    assert.deepEqual(errors, [])
    const record = { roots: [ROOT_BYTES], manifest: undefined }
    await directory.trust.save(REPOSITORY, record)
    await directory.trust.save(REPOSITORY, record)
    for (const slot of ['0', '1']) await writeFile(join(root, 'trust', REPOSITORY, slot), 'damaged')
    assert.equal(await directory.trust.load(REPOSITORY), undefined)
    assert.match(errors.join('; '), /joined anew .* an older one than was trusted before/)
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
