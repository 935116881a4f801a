import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sliceSet } from '@jarswarm/manifest'
import { MemoryNetwork, MemorySwarmContent } from '@jarswarm/testkit'
import type { MemorySwarm } from '@jarswarm/testkit'
import { SwarmSlot } from '../src/swarm-slot.ts'

const REPOSITORY = 'ab'.repeat(32)
const ADDRESS = '/ip4/192.0.2.1/tcp/4870/p2p/peer'

async function started(network: MemoryNetwork): Promise<MemorySwarm> {
  const swarm = network.createSwarm({ content: new MemorySwarmContent([REPOSITORY]) })
  await swarm.start()
  return swarm
}

describe('SwarmSlot', () => {
  it('tells the next swarm what this node donates and whom it stays connected to', async () => {
    const network = new MemoryNetwork()
    const other = await started(network)
    const slot = new SwarmSlot()
    slot.donate(REPOSITORY, { donatedBytes: 1, slices: sliceSet([7]) })
    slot.keepConnected(REPOSITORY, [ADDRESS])
    for (let count = 0; count < 2; count += 1) {
      const swarm = await started(network)
      slot.fill(swarm)
      assert.deepEqual(
        other.donors(REPOSITORY).map(({ peer }) => peer),
        [swarm.peerId],
      )
      assert.deepEqual(swarm.kept.get(REPOSITORY), [ADDRESS])
      await swarm.stop()
    }
    slot.fill(await started(network))
    slot.donate(REPOSITORY, undefined)
    assert.deepEqual(other.donors(REPOSITORY), [])
  })

  it('passes on changes of the donors in the swarm that it holds, and of no other', async () => {
    const network = new MemoryNetwork()
    const slot = new SwarmSlot()
    const told: string[] = []
    const unsubscribe = slot.onDonorsChange((repository) => told.push(repository))
    slot.fill(await started(network))
    slot.fill(await started(network))
    const donor = await started(network)
    donor.donate(REPOSITORY, { donatedBytes: 1, slices: sliceSet([7]) })
    assert.deepEqual(told, [REPOSITORY])
    assert.deepEqual(
      slot.donors(REPOSITORY).map(({ peer }) => peer),
      [donor.peerId],
    )
    unsubscribe()
    donor.donate(REPOSITORY, undefined)
    assert.deepEqual(told, [REPOSITORY])
  })

  it('says in the swarm that it holds which donor is proven', async () => {
    const slot = new SwarmSlot()
    slot.proveDonor(REPOSITORY, 'nobody', true)
    const swarm = await started(new MemoryNetwork())
    slot.fill(swarm)
    slot.proveDonor(REPOSITORY, 'donor', true)
    assert.deepEqual([...swarm.proven.values()], [true])
  })
})
