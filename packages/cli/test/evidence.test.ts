import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { exitCodeOf } from '../src/exit-code.ts'
import { createProgram } from '../src/program.ts'
import { keptTerminal } from './_terminal.ts'

/** Run the command in this process. */
async function judged(file: string): Promise<readonly [number, string]> {
  const terminal = keptTerminal()
  let exitCode = 0
  const program = createProgram(terminal, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(['evidence', file], { from: 'user' })
    return [exitCode, terminal.said()]
  } catch (error) {
    return [exitCodeOf(error), (error as Error).message]
  }
}

describe('jarswarm evidence', () => {
  it('tells a file that proves nothing from one that cannot be read', async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'jarswarm-evidence-'))
    t.after(() => {
      rmSync(directory, { recursive: true, force: true })
    })
    const empty = join(directory, 'empty.json')
    writeFileSync(empty, '')
    const [code, said] = await judged(empty)
    assert.equal(code, 1)
    assert.match(said, /^Proves nothing: .*bytes that are not JSON/)
    for (const [path, found] of [
      [join(directory, 'none'), 'no such file or directory'],
      [directory, 'illegal operation on a directory'],
    ] as const) {
      assert.deepEqual(await judged(path), [
        2,
        `Cannot read ${path}: ${found}, a file of evidence is wanted`,
      ])
    }
  })
})
