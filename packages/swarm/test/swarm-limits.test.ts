import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { GossipSub, Message } from '@libp2p/gossipsub'
import type { Connection, Libp2p, PeerId, Stream, StreamMuxer } from '@libp2p/interface'
import type { KadDHT } from '@libp2p/kad-dht'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { ManualClock, MemorySwarmContent, silentLogger } from '@jarswarm/testkit'
import { multiaddr } from '@multiformats/multiaddr'
import type { Contacts } from '../src/contacts.ts'
import { limitsFor } from '../src/create-swarm.ts'
import { MAX_PROVIDER_DIALS, MAX_PROVIDERS_FOUND } from '../src/dht/limits.ts'
import { ProviderRouting } from '../src/dht/provider-routing.ts'
import { Greeter } from '../src/greeter.ts'
import { HeadGossip } from '../src/head-gossip.ts'
import {
  INBOUND_PER_SECOND,
  MAX_BOOTSTRAP_CONNECTIONS,
  MAX_CONNECTIONS,
  MAX_HEADS_PER_SECOND,
  MAX_HELLO_ATTEMPTS,
  MAX_PENDING_INBOUND,
  MAX_PENDING_OF_ORIGIN,
  MAX_STREAMS_PER_CONNECTION,
} from '../src/limits.ts'
import { PeerBook } from '../src/peer-book.ts'
import { headTopic } from '../src/protocols.ts'
import { connectHostile } from './_hostile.ts'
import { REPOSITORY, startNode, waitFor } from './_nodes.ts'
import type { TestNode } from './_nodes.ts'

async function peerId(): Promise<PeerId> {
  return peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
}

/** Sockets to a node that say nothing, each from one of several addresses of this machine. */
async function muteSockets(t: TestContext, node: TestNode, count: number): Promise<Socket[]> {
  const [address = ''] = node.swarm.listenAddresses()
  const port = Number(/\/tcp\/(\d+)\//.exec(address)?.[1])
  const sockets = Array.from({ length: count }, (_, at) => {
    const localAddress = `127.0.0.${String(2 + Math.floor(at / MAX_PENDING_OF_ORIGIN))}`
    const socket = connect({ host: '127.0.0.1', port, localAddress })
    socket.on('error', () => socket.destroy())
    t.after(() => socket.destroy())
    return socket
  })
  await Promise.all(
    sockets.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')])),
  )
  return sockets
}

describe('a swarm', () => {
  it('is bounded by MAX_CONNECTIONS, a bootstrap node by MAX_BOOTSTRAP_CONNECTIONS, and both by INBOUND_PER_SECOND', () => {
    assert.equal(limitsFor('node').maxConnections, MAX_CONNECTIONS)
    assert.equal(limitsFor('bootstrap').maxConnections, MAX_BOOTSTRAP_CONNECTIONS)
    for (const role of ['node', 'bootstrap'] as const)
      assert.equal(limitsFor(role).inboundPerSecond, INBOUND_PER_SECOND)
    assert.equal(limitsFor('bootstrap', { maxConnections: 5 }).maxConnections, 5)
  })

  it(
    'has MAX_PENDING_INBOUND handshakes under way',
    { skip: process.platform !== 'linux' && 'only Linux has all of 127.0.0.0/8' },
    async (t) => {
      const node = await startNode(t)
      const sockets = await muteSockets(t, node, MAX_PENDING_INBOUND + 3)
      const open = () => sockets.filter((socket) => !socket.destroyed && !socket.closed).length
      for (const socket of sockets) socket.resume()
      await waitFor('the refusals', () => open() <= MAX_PENDING_INBOUND)
      assert.equal(open(), MAX_PENDING_INBOUND)
    },
  )

  it('lets one connection have MAX_STREAMS_PER_CONNECTION', async (t) => {
    const node = await startNode(t)
    const { connection } = await connectHostile(t, node, () => undefined)
    // Below the negotiation of protocols, which would end those that nobody serves.
    const { muxer } = connection as Connection & { readonly muxer: StreamMuxer }
    const reset: Stream[] = []
    for (let count = 0; count < MAX_STREAMS_PER_CONNECTION + 8; count += 1) {
      const stream = await muxer.createStream()
      stream.addEventListener('close', () => reset.push(stream))
      stream.send(Buffer.from([0x13]))
    }
    // Those that the node uses itself count as well.
    await waitFor('the resets', () => reset.length >= 8)
    assert.ok(reset.length < 16)
  })

  it('judges MAX_HEADS_PER_SECOND of a peer', async () => {
    const content = new MemorySwarmContent([REPOSITORY])
    let judged = 0
    content.offerManifest = () => {
      judged += 1
      return Promise.resolve('accept')
    }
    const topicValidators = new Map<string, (peer: PeerId, message: Message) => unknown>()
    const gossip = { topicValidators, subscribe: () => undefined } as unknown as GossipSub
    const clock = new ManualClock()
    new HeadGossip({ clock, logger: silentLogger, content, gossip }).start()
    const judge = topicValidators.get(headTopic(REPOSITORY))
    const [peer, other] = [await peerId(), await peerId()]
    const message = { data: new Uint8Array(1) } as Message
    for (let count = 0; count <= MAX_HEADS_PER_SECOND; count += 1) await judge?.(peer, message)
    assert.equal(judged, MAX_HEADS_PER_SECOND)
    await judge?.(other, message)
    clock.advance(1_000)
    await judge?.(peer, message)
    assert.equal(judged, MAX_HEADS_PER_SECOND + 2)
  })

  it('greets a peer that does not answer MAX_HELLO_ATTEMPTS times', async () => {
    const book = new PeerBook()
    book.connected('peer', '/ip4/127.0.0.1/tcp/1', true)
    let asked = 0
    const greeter = new Greeter(
      {
        clock: new ManualClock(),
        logger: silentLogger,
        content: new MemorySwarmContent([REPOSITORY]),
        book,
        ownHello: () => ({ bootstrap: false, repositories: [] }),
        shares: () => true,
        donors: { joined: () => undefined },
        ask: () => {
          asked += 1
          return Promise.reject(new Error('silent'))
        },
      },
      { debounceMs: 1 },
    )
    // Over two connections of one peer that come at once it is greeted over one.
    await Promise.all([greeter.greet('peer'), greeter.greet('peer')])
    assert.equal(asked, MAX_HELLO_ATTEMPTS)
    await greeter.greet('peer')
    assert.equal(asked, 2 * MAX_HELLO_ATTEMPTS)
  })
})

describe('a lookup in the DHT', () => {
  it('dials MAX_PROVIDER_DIALS at a time, and MAX_PROVIDERS_FOUND in all', async () => {
    const ghosts = await Promise.all(
      Array.from({ length: MAX_PROVIDERS_FOUND + 5 }, async () => ({
        id: await peerId(),
        multiaddrs: [multiaddr('/ip4/127.0.0.1/tcp/1')],
      })),
    )
    const dht = {
      routingTable: { size: 1 },
      async *findProviders() {
        await Promise.resolve()
        yield { name: 'PROVIDER', providers: ghosts }
      },
    } as unknown as KadDHT
    let [underWay, most, dials] = [0, 0, 0]
    const contacts = {
      join: async () => {
        dials += 1
        underWay += 1
        most = Math.max(most, underWay)
        await new Promise((resolve) => setImmediate(resolve))
        underWay -= 1
        return false
      },
    } as unknown as Contacts
    const libp2p = { peerId: await peerId() } as unknown as Libp2p
    const routing = new ProviderRouting(
      {
        clock: new ManualClock(),
        logger: silentLogger,
        libp2p,
        dhts: new Map([[REPOSITORY, dht]]),
        contacts,
      },
      { providesPerDay: 1 },
    )
    for await (const peer of routing.find({ repository: REPOSITORY, project: 'g/a' }, {}))
      assert.fail(`found ${peer}`)
    assert.equal(most, MAX_PROVIDER_DIALS)
    assert.equal(dials, MAX_PROVIDERS_FOUND)
  })
})
