import assert from 'node:assert/strict'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { publishTree } from '../src/index.ts'
import { createRepository } from './_temporary.ts'

/** Paths of nearly the greatest length: few of them make more than one piece of each file of notes. */
const FILES = 150
const FOLDER = `${'d'.repeat(240)}/`.repeat(3)

/** Has each write of notes but the first so many fail, and counts the files that are opened for them and not closed. */
function fillDisk(t: TestContext, writes: number): ReadonlySet<number> {
  const opened = new Set<number>()
  const { openSync, closeSync, writeFileSync } = fs
  let left = writes
  const mocks = [
    t.mock.method(fs, 'openSync', (...args: Parameters<typeof openSync>) => {
      const file = openSync(...args)
      if (args[1] === 'a') opened.add(file)
      return file
    }),
    t.mock.method(fs, 'closeSync', (file: number) => {
      closeSync(file)
      opened.delete(file)
    }),
    t.mock.method(fs, 'writeFileSync', (...args: Parameters<typeof writeFileSync>) => {
      left -= 1
      if (left < 0) throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })
      writeFileSync(...args)
    }),
  ]
  syncBuiltinESMExports()
  t.after(() => {
    for (const { mock } of mocks) mock.restore()
    syncBuiltinESMExports()
  })
  return opened
}

describe('publishTree on a disk that takes no more', () => {
  for (const writes of [0, 1, 2, 3]) {
    it(`leaves no file open after ${String(writes)} writes of its notes`, async (t) => {
      const { stateDir, treeDir, write } = await createRepository(t)
      for (let file = 0; file < FILES; file += 1) await write(`${FOLDER}${String(file)}.jar`, '')
      const opened = fillDisk(t, writes)
      await assert.rejects(publishTree({ stateDir, treeDir }), { code: 'ENOSPC' })
      assert.deepEqual([...opened], [])
    })
  }
})
