import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { joined, REPOSITORY, startNode, waitFor } from './_nodes.ts'

describe('createSwarm', () => {
  it('exchanges 200 pipelined blobs', async (t) => {
    const one = await startNode(t)
    const digests = Array.from({ length: 200 }, (_, at) =>
      one.content.addBlob(REPOSITORY, Buffer.alloc(50_000, `blob ${String(at)} `)),
    )
    const two = await startNode(t, { knownPeers: one.swarm.listenAddresses() })
    await joined(one, two)
    const answers = await Promise.all(
      digests.map((digest) =>
        two.swarm.request(
          one.swarm.peerId,
          { kind: 'blob', repository: REPOSITORY, digest, offset: 10, length: 40_000 },
          {},
        ),
      ),
    )
    for (const [at, bytes] of answers.entries()) {
      assert.deepEqual(
        Buffer.from(bytes),
        Buffer.alloc(50_000, `blob ${String(at)} `).subarray(10, 40_010),
      )
    }
    assert.equal(two.swarm.transferred().receivedBytes >= 8_000_000, true)
    await waitFor('claims', () => two.swarm.claimants(REPOSITORY, digests[0] ?? '').length === 1)
  })

  it('passes a head on among five nodes', async (t) => {
    const first = await startNode(t)
    const nodes = [first]
    for (let count = 1; count < 5; count += 1) {
      const knownPeers = nodes.at(-1)?.swarm.listenAddresses() ?? []
      nodes.push(await startNode(t, { knownPeers }))
    }
    await waitFor('chain', () => nodes.every(({ content }) => content.joined.length > 0))
    await waitFor('subscription', () => {
      void first.swarm.gossipManifest(REPOSITORY, Buffer.from('head 1'))
      return nodes[1]?.content.offered.length === 1
    })
    await waitFor('head', () => nodes.slice(1).every(({ content }) => content.offered.length > 0))
  })
})
