import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import type { Node } from '@jarswarm/node'
import { createSwarm } from '@jarswarm/swarm'
import { SystemClock } from '@jarswarm/node'
import { MemorySwarmContent, silentLogger } from '@jarswarm/testkit'
import { waitFor } from '../_wait-for.ts'
import { get, neighbours, Testnet, waitForPeer } from './_testnet.ts'
import { startWirePeer } from './_wire-peer.ts'
import type { Manner, WirePeer } from './_wire-peer.ts'

const HOUR_MS = 3_600_000
const PROJECT = 'org/example/lib'
const pathOf = (version: number): string =>
  `${PROJECT}/${String(version)}/lib-${String(version)}.jar`
const SMALL = [1, 2, 3, 4].map((version) => Buffer.from(`lib ${String(version)}`))
const SMALL_FILES = Object.fromEntries(SMALL.map((bytes, at) => [pathOf(at + 1), bytes]))
const BIG_PATH = 'org/example/big/1/big-1.zip'
/** 24 pieces. */
const BIG = randomBytes(6 * 1024 * 1024)

/** Time that can be put forward: bans are counted in hours. */
class AheadClock extends SystemClock {
  aheadMs = 0
  override now(): number {
    return super.now() + this.aheadMs
  }
}

/** A node whose one claimant is a peer of this manner; an honest node holds all and claims nothing. */
async function between(t: TestContext, manner: Manner) {
  const net = await Testnet.create(t, SMALL_FILES)
  const honest = await net.holder({ mechanisms: { summaries: false } })
  await net.closeOrigin()
  const clock = new AheadClock()
  const node = await net.node({ knows: [honest], clock })
  await waitFor('the index', () =>
    node.statusNow().repositories[0]?.index.complete === true ? true : undefined,
  )
  const peer = await startWirePeer(t, { repository: net.builder.id, manner, blobs: SMALL })
  const meet = async (): Promise<void> => {
    await peer.connect(node.listenAddresses()[0] ?? '')
    await waitForPeer(node, peer.name)
  }
  await meet()
  return { node, peer, meet, clock }
}

async function assertGets(node: Node, version: number): Promise<void> {
  const { status, bytes, phrase } = await get(node, pathOf(version))
  assert.equal(status, 200, phrase)
  assert.deepEqual(bytes, SMALL[version - 1])
}

async function isBanned(node: Node, { name }: WirePeer): Promise<boolean> {
  return (await node.peers()).find(({ peer }) => peer === name)?.banned === true
}

describe('a node whose nearest claimant', () => {
  it('lies gets the right bytes, asks it no more for an hour, and bans it for its third lie', async (t) => {
    const { node, peer, clock } = await between(t, 'lying')
    await assertGets(node, 1)
    assert.equal(peer.asked(), 1)
    await assertGets(node, 2)
    assert.equal(peer.asked(), 1)
    assert.equal(await isBanned(node, peer), false)
    for (const version of [3, 4]) {
      clock.aheadMs += 2 * HOUR_MS
      await assertGets(node, version)
    }
    assert.equal(peer.asked(), 3)
    assert.equal(await isBanned(node, peer), true)
    await waitFor('the end of the connection', async () =>
      (await neighbours(node)).includes(peer.name) ? undefined : true,
    )
    await assert.rejects(peer.connect(node.listenAddresses()[0] ?? ''))
  })

  for (const manner of ['truncating', 'silent', 'slow', 'endless', 'babbling'] as const) {
    it(`is ${manner} gets the right bytes from others, and does not ban it`, async (t) => {
      const { node, peer } = await between(t, manner)
      await assertGets(node, 1)
      await assertGets(node, 2)
      assert.equal(peer.asked(), 2)
      assert.equal(await isBanned(node, peer), false)
      assert.ok((await neighbours(node)).includes(peer.name))
    })
  }

  it('is named by the DHT and unreachable gets the bytes from the one that is not', async (t) => {
    const net = await Testnet.create(t, SMALL_FILES)
    const server = await net.bootstrap()
    const ghost = await announceGhost(t, net, server)
    const quiet = { dht: 'client', summaries: false } as const
    await net.holder({ knows: [server], mechanisms: quiet })
    await net.closeOrigin()
    const node = await net.node({ knows: [server], mechanisms: quiet })
    await waitFor('the head', () => node.statusNow().repositories[0]?.head ?? undefined)
    await waitFor('the jar', async () =>
      (await get(node, pathOf(1))).status === 200 ? true : undefined,
    )
    await assertGets(node, 1)
    await waitFor('a dial', () => (ghost.dials() > 0 ? true : undefined))
    assert.equal((await neighbours(node)).includes(ghost.name), false)
  })
})

/** A provider record of a peer that has left; where it was, connections are taken and nothing is said. */
async function announceGhost(t: TestContext, net: Testnet, server: Node) {
  const sockets = new Set<Socket>()
  const mute = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
  }).listen(0, '127.0.0.1')
  await once(mute, 'listening')
  t.after(() => {
    mute.close()
    for (const socket of sockets) socket.destroy()
  })
  const { id } = net.builder
  const content = new MemorySwarmContent([id])
  const ghost = await createSwarm(
    { content, clock: new SystemClock(), logger: silentLogger },
    {
      listen: [],
      announce: [`/ip4/127.0.0.1/tcp/${String((mute.address() as AddressInfo).port)}`],
      bootstrap: server.listenAddresses(),
      network: 'private',
      dht: 'client',
    },
  )
  await ghost.start()
  await waitFor('the server', () => (ghost.followers(id).length > 0 ? true : undefined))
  for await (const told of ghost.provide(id, [PROJECT], {})) assert.equal(told, PROJECT)
  await ghost.stop()
  return { name: ghost.peerId, dials: () => sockets.size }
}

describe('a large blob', () => {
  async function fetchFrom(
    t: TestContext,
    manners: readonly Manner[],
  ): Promise<readonly WirePeer[]> {
    const net = await Testnet.create(t, { [BIG_PATH]: BIG })
    const index = await net.bootstrap()
    await net.closeOrigin()
    const node = await net.node({ knows: [index] })
    await waitFor('the index', () =>
      node.statusNow().repositories[0]?.index.complete === true ? true : undefined,
    )
    const peers: WirePeer[] = []
    for (const manner of manners) {
      const peer = await startWirePeer(t, { repository: net.builder.id, manner, blobs: [BIG] })
      await peer.connect(node.listenAddresses()[0] ?? '')
      await waitForPeer(node, peer.name)
      peers.push(peer)
    }
    const { status, bytes, phrase } = await get(node, BIG_PATH)
    assert.equal(status, 200, phrase)
    assert.ok(bytes.equals(BIG))
    return peers
  }

  it('comes in pieces from several peers at once', async (t) => {
    const peers = await fetchFrom(t, ['honest', 'honest', 'honest'])
    const sent = peers.map((peer) => peer.sentBytes())
    assert.ok(sent.filter((bytes) => bytes > 0).length > 1, `sent: ${sent.join(' ')}`)
    assert.ok(sent.every((bytes) => bytes < BIG.length))
  })

  it('comes whole although some that were asked for pieces lie, cut, stall or are slow', async (t) => {
    const [honest, ...others] = await fetchFrom(t, ['honest', 'lying', 'silent', 'slow'])
    assert.ok(honest?.sentBytes() === BIG.length)
    assert.ok(others.every((peer) => peer.asked() > 0))
  })
})
