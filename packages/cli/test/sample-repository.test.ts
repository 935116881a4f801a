import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { strFromU8, unzipSync } from 'fflate'
import { packSampleRepository } from '../src/sample/sample-repository.ts'

async function pack(t: TestContext): Promise<Map<string, Buffer>> {
  const directory = await mkdtemp(join(tmpdir(), 'jarswarm-sample-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  await packSampleRepository(directory)
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = new Map<string, Buffer>()
  for (const entry of entries.filter((found) => found.isFile())) {
    const path = join(entry.parentPath, entry.name)
    files.set(relative(directory, path), await readFile(path))
  }
  return files
}

describe('packSampleRepository', () => {
  it('gives the same bytes each time', async (t) => {
    assert.deepEqual(await pack(t), await pack(t))
  })

  it('puts a true .sha1 and .md5 beside each file', async (t) => {
    const files = await pack(t)
    for (const [path, content] of files) {
      if (/\.(?:sha1|md5)$/.test(path)) continue
      for (const name of ['sha1', 'md5']) {
        const wanted = createHash(name).update(content).digest('hex')
        assert.equal(files.get(`${path}.${name}`)?.toString(), wanted, path)
      }
    }
  })

  it('makes jars that hold their sources and the pom that stands beside them', async (t) => {
    const files = await pack(t)
    const jars = [...files].filter(([path]) => path.endsWith('.jar'))
    assert.equal(jars.length, 7)
    for (const [path, content] of jars) {
      const names = unzipSync(content)
      const [first] = Object.keys(names)
      assert.equal(first, 'META-INF/MANIFEST.MF')
      assert.ok(Object.keys(names).some((name) => name.endsWith('.clj')))
      const pom = Object.entries(names).find(([name]) => name.endsWith('/pom.xml'))
      assert.equal(
        strFromU8(pom?.[1] ?? new Uint8Array()),
        String(files.get(path.replace(/jar$/, 'pom'))),
      )
    }
  })

  it('has every dependency, two versions, a snapshot and a jar of several MiB', async (t) => {
    const files = await pack(t)
    for (const [path, content] of files) {
      if (!path.endsWith('.pom')) continue
      const dependencies = content.toString().split('<dependency>').slice(1)
      for (const text of dependencies) {
        const [, group = '', artifact = '', version = ''] =
          /<groupId>(.*)<\/groupId>\s*<artifactId>(.*)<\/artifactId>\s*<version>(.*)<\/version>/.exec(
            text,
          ) ?? []
        const directory = `${group.replaceAll('.', '/')}/${artifact}/${version}`
        assert.ok(
          files.has(`${directory}/${artifact}-${version}.jar`),
          `${path} needs ${directory}`,
        )
      }
    }
    const project = 'org/jarswarm/sample'
    assert.match(String(files.get(`${project}/tally/maven-metadata.xml`)), /1\.0\.0[\s\S]*1\.1\.0/)
    const snapshot = `${project}/almanac/0.5.0-SNAPSHOT`
    const [, value = ''] =
      /<value>(.*)<\/value>/.exec(String(files.get(`${snapshot}/maven-metadata.xml`))) ?? []
    assert.ok(files.has(`${snapshot}/almanac-${value}.jar`))
    const sizes = [...files.values()].map(({ length }) => length)
    assert.ok(Math.max(...sizes) > 4 * 1024 * 1024)
  })
})
