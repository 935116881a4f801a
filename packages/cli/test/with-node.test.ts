import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { runHere } from './_terminal.ts'

describe('a command that looks at what is there', () => {
  it('makes no data directory where a name was mistyped', async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'jarswarm-with-node-'))
    t.after(() => {
      rmSync(directory, { recursive: true, force: true })
    })
    const mistyped = join(directory, 'typo')
    for (const command of [['audit', directory], ['repos'], ['deny', 'list']]) {
      assert.deepEqual(await runHere([...command, '--data', mistyped]), [
        2,
        `Cannot use --data ${mistyped}: found nothing there, the data directory of a node is wanted`,
      ])
    }
    assert.equal(existsSync(mistyped), false)
  })
})
