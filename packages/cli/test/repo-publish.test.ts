import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { runJarswarm, temporaryDirectory } from './_jarswarm.ts'

const jarOf = (version: number): string => `org/example/a/${version}/a-${version}.jar`

async function createTree(
  t: TestContext,
): Promise<{ publish: string[]; write: (path: string, text: string) => void; tree: string }> {
  const directory = temporaryDirectory(t)
  const tree = join(directory, 'tree')
  const state = join(directory, 'state')
  const write = (path: string, text: string): void => {
    mkdirSync(join(tree, dirname(path)), { recursive: true })
    writeFileSync(join(tree, path), text)
  }
  assert.equal((await runJarswarm(['repo', 'init', '--state', state, '--name', 'demo'])).code, 0)
  return { publish: ['repo', 'publish', '--state', state, '--tree', tree], write, tree }
}

describe('jarswarm repo publish', () => {
  it('refuses a shrunken tree until it is allowed', async (t) => {
    const { publish, write, tree } = await createTree(t)
    for (let version = 1; version <= 4; version += 1) write(jarOf(version), 'x')
    assert.equal((await runJarswarm(publish)).code, 0)
    for (let version = 1; version <= 3; version += 1) rmSync(join(tree, jarOf(version)))
    const refused = await runJarswarm(publish)
    assert.equal(refused.code, 3)
    assert.match(refused.stderr, /found 1 files, wanted at least 2.*--allow-shrink/)
    const allowed = await runJarswarm([...publish, '--allow-shrink'])
    assert.equal(allowed.code, 0)
    // A release that vanished stays in the index.
    assert.match(allowed.stdout, /^head 1: 4 files/)
  })

  it('names what waits, what is refused and which checksums are false, harmless to a terminal', async (t) => {
    const { publish, write } = await createTree(t)
    write(jarOf(1), 'one')
    await runJarswarm(publish)
    write(jarOf(1), 'two')
    write(jarOf(2), 'x')
    write(`${jarOf(2)}.md5`, '0'.repeat(32))
    write('org/example/\u001b[31mred.jar', 'x')
    write('.hidden', 'x')
    const { code, stdout, stderr } = await runJarswarm(publish)
    assert.equal(code, 3)
    assert.match(stdout, /1 added, 0 changed, 0 removed, 1 left out/)
    assert.match(stderr, /^waits: org\/example\/\\u\{1b\}\[31mred\.jar: /m)
    assert.match(stderr, /^refused: org\/example\/a\/1\/a-1\.jar: found SHA-256 [0-9a-f]{64}/m)
    assert.match(stderr, /^checksum: org\/example\/a\/2\/a-2\.jar: its \.md5 says 0{32}/m)
    assert.doesNotMatch(stderr, /\u001b/)
  })
})
