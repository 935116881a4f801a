import { sha256 } from '@jarswarm/manifest'
import { openDataDirectory } from '@jarswarm/store'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeRoot } from './_data-directory.ts'

const WRITER = fileURLToPath(new URL('_endless-writer.ts', import.meta.url))
const KILLS = 4
const ACKNOWLEDGED_PER_RUN = 60

/** Run the writer until it has acknowledged enough, kill it, and say what it acknowledged. */
async function runAndKill(root: string): Promise<string[]> {
  const child = spawn(process.execPath, ['--conditions=source', WRITER, root], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const acknowledged: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(line)
    if (acknowledged.length === ACKNOWLEDGED_PER_RUN) child.kill('SIGKILL')
  }
  await exited
  return acknowledged.filter((line) => line.length === 64)
}

describe('FileBlobStore after kill -9', () => {
  it('has every acknowledged blob, and each is right', async () => {
    const root = await makeRoot()
    try {
      const acknowledged: string[] = []
      for (let kill = 0; kill < KILLS; kill += 1) acknowledged.push(...(await runAndKill(root)))
      assert.ok(acknowledged.length >= KILLS * ACKNOWLEDGED_PER_RUN)
      const directory = await openDataDirectory(root, { freeFloorBytes: 0 })
      for (const digest of acknowledged) {
        const bytes = await directory.blobs.read(digest)
        assert.ok(bytes)
        assert.equal(sha256(bytes), digest)
      }
      for await (const finding of directory.blobs.check()) assert.fail(JSON.stringify(finding))
      assert.deepEqual(await readdir(join(root, 'tmp')), [])
      await directory.close()
    } finally {
      await rm(root, { recursive: true })
    }
  })
})
