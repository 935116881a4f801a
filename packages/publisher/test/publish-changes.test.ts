import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { sha256 } from '@jarswarm/manifest'
import { publishTree } from '../src/index.ts'
import { readPublished } from './_reader.ts'
import { lines } from './_setting.ts'
import { createRepository, START_MS } from './_temporary.ts'

const DAY_MS = 86_400_000
const JAR = 'a/b/1.0/b-1.0.jar'
const POM = 'a/b/1.0/b-1.0.pom'
const METADATA = 'a/b/maven-metadata.xml'

describe('publishTree with changes', () => {
  it('looks only at the named files, and leaves all others as they are', async (t) => {
    const repository = await createRepository(t)
    const { stateDir, treeDir } = repository
    await repository.write(JAR, 'one')
    await repository.write(METADATA, 'x')
    await repository.write('a/c/maven-metadata.xml', 'y')
    await publishTree({ stateDir, treeDir, nowMs: START_MS })
    await repository.write(POM, 'pom')
    await repository.write('a/d/d.jar', 'not named')
    await repository.remove(METADATA)
    await repository.remove('a/c/maven-metadata.xml')
    const changes = lines([POM, `${METADATA}.sha1`, 'a/b', 'a/none/none.jar'])
    const report = await publishTree({ stateDir, treeDir, changes, nowMs: START_MS })
    assert.deepEqual([report.added, report.removed, report.files], [1, 1, 3])
    assert.deepEqual(
      report.missing.map(({ path }) => path),
      [METADATA, 'a/none/none.jar'],
    )
    assert.deepEqual(report.waiting, [{ path: 'a/b', reason: 'a directory, wanted a file' }])
    const read = await readPublished(treeDir)
    assert.deepEqual([...(read?.files.keys() ?? [])].sort(), [JAR, POM, 'a/c/maven-metadata.xml'])
  })

  it('removes what has expired only when that is a day ago', async (t) => {
    const repository = await createRepository(t)
    const { stateDir, treeDir } = repository
    const deploy = async (content: string, nowMs: number): Promise<void> => {
      await repository.write(METADATA, content)
      await publishTree({ stateDir, treeDir, changes: lines([METADATA]), nowMs })
    }
    await deploy('one', START_MS)
    await deploy('two', START_MS)
    const digest = sha256(Buffer.from('one'))
    const blob = join(treeDir, '.jarswarm', 'blobs', digest.slice(0, 2), digest)
    await deploy('three', START_MS + 7.5 * DAY_MS)
    await stat(blob)
    await deploy('four', START_MS + 8 * DAY_MS)
    await assert.rejects(stat(blob), { code: 'ENOENT' })
  })
})
