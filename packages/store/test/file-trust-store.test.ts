import { sha256 } from '@jarswarm/manifest'
import type { Logger } from '@jarswarm/ports'
import { openDataDirectory } from '@jarswarm/store'
import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { nodeFileSystem } from '../src/file-system.ts'
import { FileTrustStore } from '../src/file-trust-store.ts'
import { formatTrustFile } from '../src/trust-file.ts'
import { makeRoot } from './_data-directory.ts'

const ROOT_BYTES = new TextEncoder().encode('1.root.json')
const REPOSITORY = sha256(ROOT_BYTES)
const INIT = { freeFloorBytes: 0 }

const silent = (): void => undefined
const SILENT: Logger = { debug: silent, info: silent, warn: silent, error: silent }

/** The store without its copy in the database. */
function filesAlone(root: string, logger: Logger = SILENT): FileTrustStore {
  return new FileTrustStore({ files: nodeFileSystem, logger }, { root })
}

describe('FileTrustStore after a crash', () => {
  it('falls back to the other generation for every torn or flipped byte', async () => {
    const root = await makeRoot()
    const trust = filesAlone(root)
    const record = (text: string): { roots: Uint8Array[]; manifest: Uint8Array } => ({
      roots: [ROOT_BYTES],
      manifest: new TextEncoder().encode(text),
    })
    await trust.save(REPOSITORY, record('one'))
    await trust.save(REPOSITORY, record('two'))
    const newest = join(root, 'trust', REPOSITORY, '1')
    const whole = await readFile(newest)
    for (let at = 0; at < whole.length; at += 1) {
      await writeFile(newest, whole.subarray(0, at))
      assert.deepEqual(await trust.load(REPOSITORY), record('one'))
      const flipped = Uint8Array.from(whole)
      flipped[at] = (flipped[at] ?? 0) ^ 1
      await writeFile(newest, flipped)
      assert.deepEqual(await trust.load(REPOSITORY), record('one'))
    }
    await trust.save(REPOSITORY, record('three'))
    assert.deepEqual(await trust.load(REPOSITORY), record('three'))
    await trust.close()
    await rm(root, { recursive: true })
  })

  it('says loudly when no generation can be read, and nothing when there was none', async () => {
    const root = await makeRoot()
    const errors: string[] = []
    const logger: Logger = {
      ...SILENT,
      error: (_fields, message) => {
        errors.push(message)
      },
    }
    const trust = filesAlone(root, logger)
    assert.equal(await trust.load(REPOSITORY), undefined)
    assert.deepEqual(errors, [])
    const record = { roots: [ROOT_BYTES], manifest: undefined }
    await trust.save(REPOSITORY, record)
    await trust.save(REPOSITORY, record)
    for (const slot of ['0', '1']) await writeFile(join(root, 'trust', REPOSITORY, slot), 'damaged')
    assert.equal(await trust.load(REPOSITORY), undefined)
    assert.match(errors.join('; '), /joined anew .* an older one than was trusted before/)
    await trust.close()
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

describe('the copy of trusted state in the database', () => {
  const record = (text: string): { roots: Uint8Array[]; manifest: Uint8Array } => ({
    roots: [ROOT_BYTES],
    manifest: new TextEncoder().encode(text),
  })

  it('stands in when both files are lost or damaged, and for a newer one that is', async () => {
    const root = await makeRoot()
    const path = (slot: string): string => join(root, 'trust', REPOSITORY, slot)
    const directory = await openDataDirectory(root, INIT)
    await directory.trust.save(REPOSITORY, record('one'))
    await directory.trust.save(REPOSITORY, record('two'))
    await writeFile(path('1'), 'damaged')
    assert.deepEqual(await directory.trust.load(REPOSITORY), record('two'))
    await rm(join(root, 'trust'), { recursive: true })
    assert.deepEqual(await directory.trust.load(REPOSITORY), record('two'))
    await directory.close()
    await rm(root, { recursive: true })
  })

  it('never stands in for a newer file', async () => {
    const root = await makeRoot()
    const directory = await openDataDirectory(root, INIT)
    for (const text of ['one', 'two']) await directory.trust.save(REPOSITORY, record(text))
    await rm(join(root, 'trust', REPOSITORY), { recursive: true })
    // Counted on from the copy, not from nothing.
    await directory.trust.save(REPOSITORY, record('three'))
    await directory.records.set(
      `trust/${REPOSITORY}`,
      Buffer.from(formatTrustFile({ serial: 2, record: record('two') })).toString('base64'),
    )
    assert.deepEqual(await directory.trust.load(REPOSITORY), record('three'))
    await directory.records.set(`trust/${REPOSITORY}`, 'damaged')
    assert.deepEqual(await directory.trust.load(REPOSITORY), record('three'))
    await directory.close()
    await rm(root, { recursive: true })
  })
})
