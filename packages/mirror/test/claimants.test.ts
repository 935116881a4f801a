import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import type { Upstream } from '@jarswarm/ports'
import { MemoryUpstream } from '@jarswarm/testkit'
import { MAX_TILE_PEERS } from '../src/limits.ts'
import { MAX_CLAIMANTS_PER_BLOB } from '../src/limits.ts'
import { BIG, JAR, Rig } from './_rig.ts'

/** Asked one after the other, they keep the client waiting for more than 5 s; eight of them before anybody else, for 2.25 s. */
const MAX_CROWDED_MS = 2_000

describe('a node whose neighbours claim everything', () => {
  it('does not wait again for peers that claim everything and gave nothing', async (t) => {
    const rig = new Rig(t)
    const near = await Promise.all(
      ['a', 'b', 'c'].map((name) => rig.fullNode({ name, roundTripMs: 1 })),
    )
    await rig.fullNode({ name: 'far', roundTripMs: 9 })
    for (const { swarm } of near) swarm.manner = 'silent'
    const node = await rig.node({ upstreams: [] })
    await rig.synced(node)
    const before = rig.clock.now()
    assert.equal(await rig.fetch(node, JAR), 'peer')
    assert.ok(rig.clock.now() - before < 250)
  })

  it('asks eight that claim it, and then others', async (t) => {
    const rig = new Rig(t)
    const full = await Promise.all(Array.from({ length: 10 }, () => rig.fullNode()))
    const node = await rig.node()
    await rig.synced(node)
    for (const { swarm } of full) swarm.manner = 'unreachable'
    const asked = new Set<string>()
    const request = node.swarm.request.bind(node.swarm)
    node.swarm.request = (peer, ...wanted) => {
      asked.add(peer)
      return request(peer, ...wanted)
    }
    assert.equal(await rig.fetch(node, JAR), 'origin')
    assert.equal(asked.size, MAX_CLAIMANTS_PER_BLOB)
  })

  it('gets the history of a new head from who gave something, though MAX_TILE_PEERS and one more are nearer and give nothing', async (t) => {
    const rig = new Rig(t)
    const far = await rig.fullNode({ name: 'far', roundTripMs: 9 })
    const node = await rig.node({ upstreams: [] })
    await rig.synced(node)
    for (let made = 0; made <= MAX_TILE_PEERS; made += 1)
      await rig.node({ manner: 'silent', roundTripMs: 1 })
    rig.builder.put('org/example/lib/2.0/lib-2.0.jar', 'a newer jar').publish()
    await rig.refresh(far)
    // Asking the nearest four again and again would never end.
    await rig.refresh(node)
    assert.equal(node.repository.head?.seq, 2)
  })

  it('finds in time who gives a large file among strangers that are silent', async (t) => {
    await findsAmongSilent(t, { upstreams: [], idle: 0 })
  })

  it('finds it in time though the origin is silent, too, and others are nearer that claim nothing', async (t) => {
    const mute = new MemoryUpstream({ files: new Map() })
    mute.behaviour = 'silent'
    await findsAmongSilent(t, { upstreams: [mute], idle: 10 })
  })
})

async function findsAmongSilent(
  t: TestContext,
  { upstreams, idle }: { readonly upstreams: readonly Upstream[]; readonly idle: number },
): Promise<void> {
  const rig = new Rig(t, { autoConnect: false })
  await rig.fullNode({ name: 'far', roundTripMs: 9 })
  const first = await rig.node({ name: 'new' })
  await rig.synced(first)
  await first.stop()
  // It has the index, and knows nobody.
  const node = await rig.node({ name: 'new', stores: first.stores, upstreams })
  await rig.synced(node)
  for (let made = 0; made < 11; made += 1) {
    const { swarm } = await rig.fullNode({ name: `silent ${String(made)}` })
    swarm.manner = 'silent'
    await rig.network.connect('new', swarm.peerId)
  }
  for (let made = 0; made < idle; made += 1) {
    const { swarm } = await rig.node({ name: `idle ${String(made)}`, manner: 'silent' })
    await rig.network.connect('new', swarm.peerId)
  }
  await rig.network.connect('new', 'far')
  const beforeMs = rig.clock.now()
  const content = await rig.open(node, BIG)
  content.release()
  assert.ok(rig.clock.now() - beforeMs < MAX_CROWDED_MS)
}
