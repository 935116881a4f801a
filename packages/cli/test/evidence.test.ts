import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { runHere } from './_terminal.ts'

describe('jarswarm evidence', () => {
  it('tells a file that proves nothing from one that cannot be read', async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'jarswarm-evidence-'))
    t.after(() => {
      rmSync(directory, { recursive: true, force: true })
    })
    const empty = join(directory, 'empty.json')
    writeFileSync(empty, '')
    const [code, said] = await runHere(['evidence', empty])
    assert.equal(code, 1)
    assert.match(said, /^Proves nothing: .*bytes that are not JSON/)
    for (const [path, found] of [
      [join(directory, 'none'), 'no such file or directory'],
      [directory, 'illegal operation on a directory'],
    ] as const) {
      assert.deepEqual(await runHere(['evidence', path]), [
        2,
        `Cannot read ${path}: ${found}, a file of evidence is wanted`,
      ])
    }
  })
})
