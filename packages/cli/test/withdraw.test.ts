import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { runJarswarm, temporaryDirectory } from './_jarswarm.ts'
import { follow, writeArtifact } from './_followed.ts'

const JAR = 'org/example/a/1/a-1.jar'
const POM = 'org/example/a/1/a-1.pom'

describe('jarswarm repo withdraw', () => {
  it('takes a file back, which audit finds, and publish leaves out until it is restored', async (t) => {
    const { data, directory, tree, publish } = await follow(t, { [JAR]: 'a jar', [POM]: 'pom' })
    const cache = join(directory, 'cache')
    writeArtifact(cache, JAR, 'a jar')
    const state = join(directory, 'state')
    const own = ['--state', state, '--tree', tree]
    const run = (...args: string[]) => runJarswarm(['repo', ...args])
    assert.equal((await run('withdraw', JAR, ...own)).code, 2)
    assert.equal((await run('withdraw', JAR, ...own, '--reason', 'spite')).code, 2)
    assert.equal((await run('withdraw', '--reason', 'legal', ...own)).code, 2)
    assert.equal((await run('withdraw', 'a/none', '--reason', 'legal', ...own)).code, 1)
    const done = await run('withdraw', JAR, ...own, '--reason', 'malware: steals keys', '--json')
    assert.equal(done.code, 0, done.stderr)
    assert.equal((JSON.parse(done.stdout) as { seq: number }).seq, 2)
    const listed = await run('withdraw', '--list', '--state', state)
    assert.match(listed.stdout, /a-1\.jar +malware: steals keys/)
    const again = await run('publish', ...own)
    assert.match(again.stderr, /withdrawn: org\S+a-1\.jar: withdrawn on .*remove the file/)
    // Publishes nothing more, and waits until the node has head 2.
    await publish()
    const audited = await runJarswarm(['audit', cache, ...data])
    assert.equal(audited.code, 1, audited.stderr)
    assert.match(audited.stdout, /^withdrawn +org\S+a-1\.jar.*malware: steals keys/m)
    const restored = await run('publish', ...own, '--restore', JAR, '--json')
    assert.equal((JSON.parse(restored.stdout) as { added: number }).added, 1)
  })

  it('refuses more than a day of it, and says how to go on', async (t) => {
    const directory = temporaryDirectory(t)
    const [state, tree] = [join(directory, 'state'), join(directory, 'tree')]
    for (let n = 0; n < 101; n += 1) writeArtifact(tree, `a/f${String(n)}/1/f-1.jar`, String(n))
    writeArtifact(tree, JAR, 'stays')
    const own = ['--state', state, '--tree', tree]
    await runJarswarm(['repo', 'init', '--state', state, '--name', 'demo'])
    await runJarswarm(['repo', 'publish', ...own])
    const refused = await runJarswarm(['repo', 'withdraw', 'a/', ...own, '--reason', 'legal'])
    assert.equal(refused.code, 3)
    assert.match(refused.stderr, /101 files within 24 hours.*--propose/)
    const proposed = await runJarswarm([
      ...['repo', 'withdraw', 'a/', '--state', state, '--reason', 'legal', '--propose'],
    ])
    assert.equal(proposed.code, 0, proposed.stderr)
    assert.match(
      proposed.stdout,
      /allows +withdrawing the files of the list with SHA-256 [0-9a-f]{64}/,
    )
    assert.match(proposed.stdout, /101 files stand in .*withdrawal-[0-9a-f]{16}\.txt/)
  })
})

describe('jarswarm deny', () => {
  it('keeps a list that a running node obeys at once', async (t) => {
    const { data, node } = await follow(t, { [JAR]: 'a jar', [POM]: 'pom' })
    const status = async (): Promise<number> =>
      (await fetch(`${String(node.ready['http'])}/demo/${JAR}`)).status
    assert.equal(await status(), 200)
    const added = await runJarswarm(['deny', 'add', JAR, '--reason', 'not here', ...data])
    assert.equal(added.code, 0, added.stderr)
    assert.equal(await status(), 451)
    const list = await runJarswarm(['deny', 'list', ...data])
    assert.match(list.stdout, /a-1\.jar +not here/)
    assert.equal((await runJarswarm(['deny', 'remove', POM, ...data])).code, 1)
    assert.equal((await runJarswarm(['deny', 'remove', JAR, ...data])).code, 0)
    assert.equal(await status(), 200)
    assert.notEqual((await runJarswarm(['deny', 'add', '../x', ...data])).code, 0)
  })
})
