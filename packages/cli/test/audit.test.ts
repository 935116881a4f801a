import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { follow, writeArtifact } from './_followed.ts'
import type { Followed } from './_followed.ts'
import { runJarswarm, temporaryDirectory } from './_jarswarm.ts'

const JAR = 'org/example/a/1/a-1.jar'
const POM = 'org/example/a/1/a-1.pom'
const SNAPSHOT = 'org/example/a/2-SNAPSHOT/a-2-SNAPSHOT.jar'
const MINE = 'org/example/mine/1/mine-1.jar'

/** A node that has the index of two files, and a cache with both and one more. */
async function createCache(t: TestContext): Promise<Followed & { readonly cache: string }> {
  const files = { [JAR]: 'a jar', [POM]: '<project/>' }
  const followed = await follow(t, files)
  const cache = join(followed.directory, 'cache')
  for (const [path, text] of Object.entries({ ...files, [MINE]: 'mine' })) {
    writeArtifact(cache, path, text)
  }
  writeArtifact(cache, 'org/example/a/1/_remote.repositories', '#c\na-1.jar>clojars=\n')
  return { ...followed, cache }
}

describe('jarswarm audit', () => {
  it('finds a cache in order, and then the one file that was changed', async (t) => {
    const { data, cache } = await createCache(t)
    const clean = await runJarswarm(['audit', cache, ...data])
    assert.equal(clean.code, 0, clean.stderr)
    assert.match(clean.stdout, /^3 files: 2 as signed, 0 changed, 1 named by no followed/)
    writeArtifact(cache, JAR, 'a JAR')
    const { code, stdout } = await runJarswarm(['audit', cache, ...data, '--json'])
    assert.equal(code, 1)
    const report = JSON.parse(stdout) as { changed: number; differences: { path: string }[] }
    assert.equal(report.changed, 1)
    assert.equal(report.differences[0]?.path, JAR)
    const shown = await runJarswarm(['audit', cache, ...data])
    assert.match(
      shown.stdout,
      /WHAT +PATH[^]*^changed +org\S+a-1\.jar +demo +[0-9a-f]{16}, signed [0-9a-f]{16}; the client had it from clojars$/m,
    )
  })

  it('takes what a mutable file was before for older, and no failure', async (t) => {
    const { data, directory, tree, publish } = await follow(t, { [SNAPSHOT]: 'yesterday' })
    const cache = join(directory, 'cache')
    writeArtifact(cache, SNAPSHOT, 'yesterday')
    writeArtifact(tree, SNAPSHOT, 'today, longer')
    await publish()
    const { code, stdout, stderr } = await runJarswarm(['audit', cache, ...data, '--json'])
    assert.equal(code, 0, stderr)
    const { changed, older } = JSON.parse(stdout) as Record<string, number>
    assert.deepEqual([changed, older], [0, 1])
    writeArtifact(cache, SNAPSHOT, 'nobody signed this')
    assert.equal((await runJarswarm(['audit', cache, ...data])).code, 1)
  })

  it('says that there is nothing to compare with, and what is no directory', async (t) => {
    const directory = temporaryDirectory(t)
    const data = ['--data', directory]
    const alone = await runJarswarm(['audit', directory, ...data])
    assert.equal(alone.code, 2)
    assert.match(alone.stderr, /no repository is followed/)
    const { data: joined } = await createCache(t)
    const missing = await runJarswarm(['audit', join(directory, 'none'), ...joined])
    assert.equal(missing.code, 2)
    assert.match(missing.stderr, /found nothing there, a Maven repository is wanted/)
  })
})

describe('jarswarm import', () => {
  it('takes the signed files, and names what is left', async (t) => {
    const { data, cache } = await createCache(t)
    writeArtifact(cache, POM, '<other/>')
    const { code, stdout, stderr } = await runJarswarm(['import', cache, ...data, '--json'])
    assert.equal(code, 0, stderr)
    const { files, adopted, adoptedBytes, differs, unknown } = JSON.parse(stdout) as Record<
      string,
      number
    >
    assert.deepEqual([files, adopted, adoptedBytes, differs, unknown], [3, 1, 5, 1, 1])
    assert.match((await runJarswarm(['import', cache, ...data])).stdout, /jarswarm audit DIR/)
  })
})
