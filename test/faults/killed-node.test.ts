import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { KilledNode } from './_killed-node.ts'
import { ViolationError } from './_violation-error.ts'

/** A node that was killed before its directory had a marker. */
function unmarked(t: TestContext): KilledNode {
  const work = mkdtempSync(join(tmpdir(), 'jarswarm-killed-node-'))
  const node = new KilledNode({ work, name: 'n', args: [], env: {}, repository: 'ab'.repeat(32) })
  t.after(async () => {
    await node.end()
    rmSync(work, { recursive: true })
  })
  mkdirSync(node.dataDir)
  return node
}

const isLost = (error: unknown): boolean => error instanceof ViolationError && error.rule === 'lost'

describe('KilledNode', () => {
  it('lets a directory have no marker in which nothing was begun', async (t) => {
    await unmarked(t).judge()
  })

  it('finds that the marker is gone beside what comes after it', async (t) => {
    const node = unmarked(t)
    mkdirSync(join(node.dataDir, 'db'))
    await assert.rejects(node.judge(), isLost)
  })

  it('finds that all is gone that a node said to have', async (t) => {
    const node = unmarked(t)
    node.acknowledged.read('trusted 1 1\n')
    await assert.rejects(node.judge(), isLost)
  })
})
