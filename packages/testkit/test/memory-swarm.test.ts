import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sliceSet } from '@jarswarm/manifest'
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

  it('connects to a donor that it asks, and forgets one that stopped', async () => {
    const network = new MemoryNetwork({ autoConnect: false })
    const content = new MemorySwarmContent([REPOSITORY])
    const digest = content.addBlob(REPOSITORY, Buffer.from('blob'))
    const swarm = network.createSwarm({ content: new MemorySwarmContent([REPOSITORY]) })
    const donor = network.createSwarm({ content, range: '192.0.2' })
    await swarm.start()
    await donor.start()
    const request = { kind: 'blob', repository: REPOSITORY, digest, offset: 0, length: 4 } as const
    await assert.rejects(swarm.request(donor.peerId, request, {}), {
      code: 'ERR_SOURCE_UNAVAILABLE',
    })
    donor.donate(REPOSITORY, { donatedBytes: 1, slices: sliceSet([0]) })
    assert.equal(swarm.donors(REPOSITORY)[0]?.range, '192.0.2')
    assert.equal(Buffer.from(await swarm.request(donor.peerId, request, {})).toString(), 'blob')
    let told = 0
    swarm.onDonorsChange(() => (told += 1))
    await donor.stop()
    assert.deepEqual([swarm.donors(REPOSITORY), told], [[], 1])
    await donor.start()
    assert.equal(swarm.donors(REPOSITORY).length, 1)
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
