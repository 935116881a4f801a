import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { startNode } from './_nodes.ts'

describe('createSwarm', () => {
  it('leaves the directory to others when no node can be made', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'jarswarm-swarm-'))
    await assert.rejects(startNode(t, { directory, limits: { maxConnections: 0 } }))
    await startNode(t, { directory })
    // After the node has stopped, for hooks run in the order of their making.
    t.after(() => rm(directory, { recursive: true }))
  })
})
