import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { sha256 } from '@jarswarm/manifest'
import { openDataDirectory } from '@jarswarm/store'
import { readAcknowledged } from './_acknowledged.ts'
import { judgeDirectory } from './_judged-directory.ts'
import type { DirectoryDamage } from './_judged-directory.ts'

const BYTES = Buffer.from('a blob')
const DIGEST = sha256(BYTES)
const REPOSITORY = sha256(Buffer.from('a repository'))
const ROOT = sha256(Buffer.from('an index'))

/** A directory with one blob and a whole index, and where the blob's file is. */
async function sound(test: TestContext): Promise<{ dataDir: string; file: string }> {
  const dataDir = join(mkdtempSync(join(tmpdir(), 'jarswarm-judged-')), 'data')
  test.after(() => {
    rmSync(join(dataDir, '..'), { recursive: true })
  })
  await using directory = await openDataDirectory(dataDir)
  await directory.blobs.put(DIGEST, BYTES)
  await directory.index(REPOSITORY).applyChanges([], ROOT)
  return { dataDir, file: join(dataDir, 'blobs', DIGEST.slice(0, 2), DIGEST) }
}

function judge(dataDir: string, ...log: readonly string[]): Promise<DirectoryDamage> {
  const acknowledged = readAcknowledged(log.map((line) => `${line}\n`).join(''))
  return judgeDirectory(dataDir, { repository: REPOSITORY }, acknowledged)
}

const STORED = [`storing ${DIGEST}`, `stored ${DIGEST}`]
const INDEXED = [`indexing ${ROOT}`, `indexed ${ROOT}`]

describe('judgeDirectory', () => {
  it('finds nothing in what is as it was acknowledged', async (t) => {
    const { dataDir } = await sound(t)
    const { lost, wrong, rebuilt, broken } = await judge(dataDir, ...STORED, ...INDEXED)
    assert.deepEqual([lost, wrong, rebuilt, broken], [0, 0, false, []])
  })

  it('sees a blob that is gone, unless it was being removed', async (t) => {
    const { dataDir, file } = await sound(t)
    rmSync(file)
    assert.equal((await judge(dataDir, ...STORED, ...INDEXED)).lost, 1)
    const evicting = [...STORED, `removing ${DIGEST}`, ...INDEXED]
    assert.equal((await judge(dataDir, ...evicting)).lost, 0)
  })

  it('sees other bytes', async (t) => {
    const { dataDir, file } = await sound(t)
    writeFileSync(file, 'b blob')
    assert.equal((await judge(dataDir, ...STORED, ...INDEXED)).wrong, 1)
  })

  it('sees a database that was begun anew, and what that cost', async (t) => {
    const { dataDir } = await sound(t)
    writeFileSync(join(dataDir, 'db', 'CURRENT'), 'MANIFEST-999999\n')
    const { lost, rebuilt, broken } = await judge(dataDir, ...STORED, ...INDEXED)
    assert.deepEqual([lost, rebuilt], [0, true])
    assert.deepEqual(broken, [`index: ${ROOT} became none`])
  })

  it('allows what was begun last, and neither what was before nor what was never there', async (t) => {
    const { dataDir } = await sound(t)
    const newer = sha256(Buffer.from('a newer index'))
    const broken = async (...log: readonly string[]): Promise<number> =>
      (await judge(dataDir, ...log)).broken.length
    assert.equal(await broken(`indexing ${ROOT}`), 0)
    assert.equal(await broken(...INDEXED, `indexing ${newer}`), 0)
    assert.equal(await broken(...INDEXED, `indexing ${newer}`, `indexed ${newer}`), 1)
    assert.equal(await broken(...INDEXED, 'trusting 1 7', 'trusted 1 7'), 1)
    assert.equal(await broken(...INDEXED, 'accepting 7', 'accepted 7'), 1)
    assert.equal(await broken(), 1)
  })
})
