import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { openUnfollowed } from '../src/index.ts'

function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'jarswarm-files-'))
  t.after(() => {
    rmSync(directory, { recursive: true })
  })
  return directory
}

describe('openUnfollowed', () => {
  it('opens a file, and no link to one', async (t) => {
    const directory = temporaryDirectory(t)
    writeFileSync(join(directory, 'file'), 'bytes')
    symlinkSync('file', join(directory, 'link'))
    await using handle = await openUnfollowed(join(directory, 'file'))
    assert.equal(await handle.readFile('utf8'), 'bytes')
    await assert.rejects(openUnfollowed(join(directory, 'link')), { code: 'ELOOP' })
  })

  it('does not wait for who might write to a pipe', { timeout: 20_000 }, async (t) => {
    const pipe = join(temporaryDirectory(t), 'pipe')
    execFileSync('mkfifo', [pipe])
    await using handle = await openUnfollowed(pipe)
    assert.equal((await handle.stat()).isFIFO(), true)
  })
})
