import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { spawnJarswarm, temporaryDirectory } from './_jarswarm.ts'

const JAR = 'org/example/small/1.0/small-1.0.jar'

describe('jarswarm demo', () => {
  it('shows a tree of the user: the primary dies, a peer gives the file, nothing is written', async (t) => {
    const directory = temporaryDirectory(t)
    const tree = join(directory, 'm2')
    const temporary = join(directory, 'tmp')
    // One that a killed demo left behind (no process has such an id), and one whose process lives: this test.
    mkdirSync(join(temporary, 'jarswarm-demo-2147483647-abc', 'node-1'), { recursive: true })
    const living = `jarswarm-demo-${String(process.pid)}-abc`
    mkdirSync(join(temporary, living))
    mkdirSync(join(tree, dirname(JAR)), { recursive: true })
    writeFileSync(join(tree, JAR), 'a jar')
    const demo = spawnJarswarm(['demo', '--tree', tree, '--json'], { env: { TMPDIR: temporary } })
    const exited = new Promise<number | null>((resolve) => demo.once('exit', resolve))
    demo.stderr?.resume()
    assert.ok(demo.stdout !== null)
    const documents: Record<string, unknown>[] = []
    for await (const line of createInterface({ input: demo.stdout })) {
      if (documents.push(JSON.parse(line) as Record<string, unknown>) === 2) demo.kill('SIGINT')
    }
    assert.equal(await exited, 0)
    const [ready, result] = documents
    assert.equal(ready?.['ready'], true)
    assert.deepEqual(
      [result?.['artifact'], result?.['source'], result?.['matches'], result?.['primaryKilled']],
      [JAR, 'peer', true, true],
    )
    assert.deepEqual(readdirSync(tree), ['org'])
    assert.deepEqual(readdirSync(temporary), [living])
  })
})
