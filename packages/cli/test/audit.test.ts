import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { runJarswarm, startJarswarm, temporaryDirectory } from './_jarswarm.ts'

const ANY = ['--http', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0']
const JAR = 'org/example/a/1/a-1.jar'
const POM = 'org/example/a/1/a-1.pom'
const MINE = 'org/example/mine/1/mine-1.jar'

function write(directory: string, path: string, text: string): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true })
  writeFileSync(join(directory, path), text)
}

/** The data directory of a node that has the index of two files, and a cache with both and one more. */
async function createCache(t: TestContext): Promise<{ data: string[]; cache: string }> {
  const directory = temporaryDirectory(t)
  const [state, tree, cache, data] = ['state', 'tree', 'cache', 'data'].map((name) =>
    join(directory, name),
  ) as [string, string, string, string]
  for (const place of [tree, cache]) {
    write(place, JAR, 'a jar')
    write(place, POM, '<project/>')
  }
  write(cache, MINE, 'mine')
  write(cache, 'org/example/a/1/_remote.repositories', 'a-1.jar>clojars=')
  assert.equal((await runJarswarm(['repo', 'init', '--state', state, '--name', 'demo'])).code, 0)
  const primary = await startJarswarm(t, [
    'repo',
    'serve',
    '--state',
    state,
    '--tree',
    tree,
    ...ANY,
  ])
  const link = String(primary.ready['link'])
  const start = ['start', '--data', data, '--join', link, '--no-mdns', ...ANY]
  const node = await startJarswarm(t, start)
  const status = `${String(node.ready['http'])}/-/status`
  for (;;) {
    const answer = (await (await fetch(status)).json()) as {
      repositories: { index: { complete: boolean } }[]
    }
    if (answer.repositories[0]?.index.complete === true) break
  }
  return { data: ['--data', data], cache }
}

describe('jarswarm audit', () => {
  it('finds a cache in order, and then the one file that was changed', async (t) => {
    const { data, cache } = await createCache(t)
    const clean = await runJarswarm(['audit', cache, ...data])
    assert.equal(clean.code, 0, clean.stderr)
    assert.match(clean.stdout, /^3 files: 2 as signed, 0 changed, 1 named by no followed/)
    write(cache, JAR, 'a JAR')
    const { code, stdout } = await runJarswarm(['audit', cache, ...data, '--json'])
    assert.equal(code, 1)
    const report = JSON.parse(stdout) as { changed: number; differences: { path: string }[] }
    assert.equal(report.changed, 1)
    assert.equal(report.differences[0]?.path, JAR)
    const shown = await runJarswarm(['audit', cache, ...data])
    assert.match(shown.stdout, /CHANGED +REPOSITORY[^]*a-1\.jar +demo +[0-9a-f]{16} +[0-9a-f]{16}/)
  })

  it('says that there is nothing to compare with, and what is no directory', async (t) => {
    const directory = temporaryDirectory(t)
    const data = ['--data', join(directory, 'data')]
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
    write(cache, POM, '<other/>')
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
