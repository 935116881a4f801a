import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { publishTree } from '../src/index.ts'
import { readPublished } from './_reader.ts'
import { createRepository, START_MS } from './_temporary.ts'
import type { TestRepository } from './_temporary.ts'

const SCRIPT = fileURLToPath(new URL('_publish-and-die.ts', import.meta.url))
/** Each publish of this test changes the disk some sixty times; every so many of these is the end of one. */
const STRIDE = 5

/** @returns whether the process was killed; false when it ended before its nth change of the disk */
async function publishAndDie(
  { stateDir, treeDir }: TestRepository,
  cutAt: number,
): Promise<boolean> {
  const args = ['--conditions=source', SCRIPT, stateDir, treeDir, cutAt, START_MS]
  const child = spawn(process.execPath, args.map(String), { stdio: 'inherit' })
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  assert.ok(signal === 'SIGKILL' || code === 0)
  return signal === 'SIGKILL'
}

async function deploy(repository: TestRepository, version: number): Promise<void> {
  const directory = `a/b/1.${String(version)}`
  await repository.write(`${directory}/b.pom`, `<project>${String(version)}</project>`)
  await repository.write(`${directory}/b.jar`, Buffer.alloc(300_000, version))
  await repository.write('a/b/maven-metadata.xml', String(version))
}

describe('publishTree, killed by SIGKILL', () => {
  it('leaves a tree in which everything is there that its manifest names, and goes on', async (t) => {
    const repository = await createRepository(t)
    const { stateDir, treeDir } = repository
    let last: Awaited<ReturnType<typeof readPublished>>
    for (let cutAt = 1, version = 1; ; cutAt += STRIDE, version += 1) {
      await deploy(repository, version)
      const killed = await publishAndDie(repository, cutAt)
      // The reader knows only the documents, and checks every digest, the log and the pack.
      const seen = await readPublished(treeDir)
      assert.ok((seen?.seq ?? 0) >= (last?.seq ?? 0), `killed at ${String(cutAt)}`)
      const before = last?.history ?? []
      assert.deepEqual(seen?.history.slice(0, before.length) ?? [], before)
      if (!killed) break
      await publishTree({ stateDir, treeDir, nowMs: START_MS })
      last = await readPublished(treeDir)
      assert.equal(last?.files.size, 2 * version + 1)
    }
    // The last one was not killed, and cleared away what the others left.
    const leftovers = [...(await readdir(stateDir)), ...(await readdir(join(treeDir, '.jarswarm')))]
    assert.deepEqual(
      leftovers.filter((name) => /lock|unfinished/.test(name)),
      [],
    )
  })
})
