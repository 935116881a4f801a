import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

  it('connects to the peers that a repository names while it runs', async (t) => {
    const named = await startNode(t)
    const node = await startNode(t)
    node.swarm.keepConnected(REPOSITORY, named.swarm.listenAddresses())
    await joined(named, node)
    assert.deepEqual(node.swarm.followers(REPOSITORY), [named.swarm.peerId])
  })

  it('passes a head on among five nodes', async (t) => {
    const first = await startNode(t)
    const nodes = [first]
    for (let count = 1; count < 5; count += 1) {
      const knownPeers = nodes.at(-1)?.swarm.listenAddresses() ?? []
      nodes.push(await startNode(t, { knownPeers }))
    }
    await waitFor('chain', () => nodes.every(({ content }) => content.joined.length > 0))
    // Whether the others have subscribed yet cannot be seen: newer heads follow until one reached all.
    let number = 0
    await waitFor('a head at every node', () => {
      number += 1
      void first.swarm.gossipManifest(REPOSITORY, Buffer.from(`head ${String(number).padStart(9)}`))
      return nodes.slice(1).every(({ content }) => content.readManifest(REPOSITORY) !== undefined)
    })
    const last = nodes.at(-1)
    assert.equal(last?.content.offered[0]?.peer, nodes[3]?.swarm.peerId)
  })

  it('does not pass a bad head on', async (t) => {
    const one = await startNode(t)
    const two = await startNode(t, { knownPeers: one.swarm.listenAddresses() })
    const three = await startNode(t, { knownPeers: two.swarm.listenAddresses() })
    await Promise.all([joined(one, two), joined(two, three)])
    let number = 0
    const push = (first: string): void => {
      number += 1
      void one.swarm.gossipManifest(REPOSITORY, Buffer.from(first + String(number).padStart(9)))
    }
    const arrived = (node: typeof one): number => node.content.offered.length
    await waitFor('the way to be open', () => {
      push('head')
      return arrived(three) > 0
    })
    await waitFor('the bad head to be judged', () => {
      push('\0bad')
      return two.content.offered.some(({ verdict }) => verdict === 'reject')
    })
    const before = arrived(three)
    await waitFor('a good head after it', () => {
      push('head')
      return arrived(three) > before
    })
    assert.equal(
      three.content.offered.some(({ verdict }) => verdict === 'reject'),
      false,
    )
  })

  it('shares with peers on the LAN when told so', async (t) => {
    const one = await startNode(t, { share: 'lan' })
    const digest = one.content.addBlob(REPOSITORY, Buffer.from('a blob'))
    const two = await startNode(t, { knownPeers: one.swarm.listenAddresses() })
    await joined(one, two)
    await waitFor('the claim', () => two.swarm.claimants(REPOSITORY, digest).length === 1)
    const request = { kind: 'blob', repository: REPOSITORY, digest, offset: 0, length: 6 } as const
    const bytes = await two.swarm.request(one.swarm.peerId, request, {})
    assert.equal(Buffer.from(bytes).toString(), 'a blob')
  })
})

describe('start', () => {
  it('connects again to peers of an earlier run', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'jarswarm-'))
    t.after(() => rm(directory, { recursive: true, force: true }))
    const lasting = await startNode(t)
    const first = await startNode(t, { directory, knownPeers: lasting.swarm.listenAddresses() })
    await joined(first, lasting)
    await first.swarm.stop()
    const second = await startNode(t, { directory })
    await joined(second, lasting)
  })

  it('leaves no handle after stop', async () => {
    const idle = process.getActiveResourcesInfo()
    const stops: (() => unknown)[] = []
    const t = { after: (stop: () => unknown) => stops.push(stop) } as never
    const one = await startNode(t, { mdns: true })
    const two = await startNode(t, { bootstrap: one.swarm.listenAddresses() })
    await joined(one, two)
    for (const stop of stops) await stop()
    await waitFor('the end of all handles', () => {
      return process.getActiveResourcesInfo().every((name) => idle.includes(name))
    })
  })
})
