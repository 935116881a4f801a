import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ManualClock, MemoryNetwork, MemorySwarmContent, swarmConformance } from '../src/index.ts'
import type { MemorySwarm, PeerManner } from '../src/index.ts'

const REPOSITORY = 'ab'.repeat(32)

swarmConformance('MemorySwarm', async (contents, { share = 'all' }) => {
  const network = new MemoryNetwork()
  const swarms = contents.map((content, at) =>
    network.createSwarm(at === 0 ? { content, share } : { content }),
  )
  for (const swarm of swarms) await swarm.start()
  return {
    swarms,
    close: async () => {
      for (const swarm of swarms) await swarm.stop()
    },
  }
})

describe('MemorySwarm', () => {
  async function facing(
    manner: PeerManner,
  ): Promise<{ readonly swarm: MemorySwarm; readonly clock: ManualClock; ask(): Promise<string> }> {
    const clock = new ManualClock()
    const network = new MemoryNetwork({ clock })
    const content = new MemorySwarmContent([REPOSITORY])
    const digest = content.addBlob(REPOSITORY, Buffer.from('blob'))
    const swarm = network.createSwarm({ content: new MemorySwarmContent([REPOSITORY]) })
    const peer = network.createSwarm({ content, manner })
    await swarm.start()
    await peer.start()
    const request = { kind: 'blob', repository: REPOSITORY, digest, offset: 0, length: 4 } as const
    return {
      swarm,
      clock,
      ask: async () => Buffer.from(await swarm.request(peer.peerId, request, {})).toString(),
    }
  }

  it('meets honest, lying, truncating and unreachable peers', async () => {
    assert.equal(await (await facing('honest')).ask(), 'blob')
    assert.notEqual(await (await facing('lying')).ask(), 'blob')
    await assert.rejects((await facing('truncating')).ask(), { code: 'ERR_TRUNCATED' })
    await assert.rejects((await facing('unreachable')).ask(), { code: 'ERR_SOURCE_UNAVAILABLE' })
  })

  it('waits for a slow peer and gives a silent one up, on the clock', async () => {
    const slow = await facing('slow')
    const answer = slow.ask()
    slow.clock.advance(1_000)
    assert.equal(await answer, 'blob')
    const silent = await facing('silent')
    const nothing = silent.ask()
    const rejected = assert.rejects(nothing, { code: 'ERR_SOURCE_UNAVAILABLE' })
    silent.clock.advance(10_000)
    await rejected
  })
})
