import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { formatLink } from '@jarswarm/trust'
import { startNode, temporaryDirectory } from './_swarm.ts'

describe('verifyHistory', () => {
  it('reports each repository, also beside one without a head', async (t) => {
    const links = ['one', 'two'].map((name, place) =>
      formatLink({ id: `a${String(place)}`.repeat(32), name, origin: undefined, peers: [] }),
    )
    const dataDir = join(temporaryDirectory(t), 'data')
    const node = await startNode(t, { dataDir, links, offline: true })
    const unavailable = 'the repository has not been verified yet'
    assert.deepEqual(await node.verifyHistory({}), [
      { repository: 'one', unavailable },
      { repository: 'two', unavailable },
    ])
  })
})
