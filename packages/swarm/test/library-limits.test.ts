// Bounds that libp2p holds for us: real peers go up to each, and beyond it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { Libp2p, Stream } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { limitsFor } from '../src/create-swarm.ts'
import { createLibp2pNode } from '../src/libp2p-node.ts'
import type { Libp2pNode } from '../src/libp2p-node.ts'
import {
  INBOUND_PER_SECOND,
  MAX_CONNECTIONS,
  MAX_DIALS,
  MAX_GOSSIP_FRAME_BYTES,
  MAX_STREAM_BUFFER_BYTES,
  MAX_STREAM_WINDOW_BYTES,
} from '../src/limits.ts'
import { headTopic } from '../src/protocols.ts'
import { frame } from './_hostile.ts'
import { REPOSITORY, waitFor } from './_nodes.ts'

const PROTOCOL = '/test/1.0.0'
const GOSSIP_PROTOCOL = '/meshsub/1.2.0'
const MIB = 1024 * 1024

/** A node as it is made, but for the gate, which has tests of its own. */
async function startLibp2p(t: TestContext, inboundPerSecond: number): Promise<Libp2pNode> {
  const node = await createLibp2pNode({
    privateKey: await generateKeyPair('Ed25519'),
    datastore: undefined,
    repositories: [REPOSITORY],
    listen: ['/ip4/127.0.0.1/tcp/0'],
    announce: [],
    mdns: false,
    network: 'private',
    dhtServer: true,
    limits: limitsFor('node', { inboundPerSecond }),
    gater: {},
  })
  t.after(() => node.libp2p.stop())
  await node.libp2p.start()
  return node
}

/** A peer that keeps to none of our bounds. */
async function startBoundless(t: TestContext): Promise<Libp2p> {
  const size = 16 * MIB
  const streamOptions = { initialStreamWindowSize: size, maxStreamWindowSize: size }
  const peer = await createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ streamOptions })],
    connectionManager: { maxConnections: 1_000 },
    services: { identify: identify() },
  })
  t.after(() => peer.stop())
  return peer
}

const addressOf = ({ libp2p }: Libp2pNode) =>
  libp2p.getMultiaddrs()[0] ?? multiaddr('/ip4/127.0.0.1')

/** A stream from a boundless peer, and the end of the node, whose handler reads nothing. */
async function openStream(
  t: TestContext,
): Promise<{ readonly far: Stream; readonly near: Stream }> {
  const node = await startLibp2p(t, 1_000)
  const taken = Promise.withResolvers<Stream>()
  await node.libp2p.handle(PROTOCOL, (stream) => {
    taken.resolve(stream)
  })
  const peer = await startBoundless(t)
  const far = await peer.dialProtocol(addressOf(node), PROTOCOL)
  return { far, near: await taken.promise }
}

describe('a node of libp2p', () => {
  it('takes INBOUND_PER_SECOND from one address', async (t) => {
    const node = await startLibp2p(t, limitsFor('node').inboundPerSecond)
    const port = Number(addressOf(node).toString().split('/')[4])
    const sockets = Array.from({ length: INBOUND_PER_SECOND + 3 }, () => connect(port, '127.0.0.1'))
    t.after(() => {
      for (const socket of sockets) socket.destroy()
    })
    const open = (): number => sockets.filter((socket) => !socket.closed).length
    for (const socket of sockets) socket.on('error', () => socket.destroy()).resume()
    await Promise.all(
      sockets.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')])),
    )
    await waitFor('the refusals', () => open() <= INBOUND_PER_SECOND)
    assert.equal(open(), INBOUND_PER_SECOND)
  })

  it('has MAX_CONNECTIONS, and turns the next away', async (t) => {
    const node = await startLibp2p(t, 1_000)
    const peer = await startBoundless(t)
    const dial = () => peer.dial(addressOf(node), { force: true })
    for (let count = 0; count < MAX_CONNECTIONS; count += 1) await dial()
    await waitFor('all', () => node.libp2p.getConnections().length === MAX_CONNECTIONS)
    await assert.rejects(dial())
    assert.equal(node.libp2p.getConnections().length, MAX_CONNECTIONS)
  })

  it('has MAX_DIALS under way', async (t) => {
    const node = await startLibp2p(t, 1_000)
    const sockets: Socket[] = []
    // It takes connections, and says nothing.
    const mute = createServer((socket) => {
      socket.on('error', () => socket.destroy())
      sockets.push(socket)
    }).listen(0, '127.0.0.1')
    await once(mute, 'listening')
    t.after(() => {
      for (const socket of sockets) socket.destroy()
      mute.close()
    })
    const { port } = mute.address() as AddressInfo
    const stop = new AbortController()
    const dials = Array.from({ length: MAX_DIALS + 5 }, async () => {
      const id = peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()
      const address = multiaddr(`/ip4/127.0.0.1/tcp/${String(port)}/p2p/${id}`)
      await node.libp2p.dial(address, { signal: stop.signal })
    })
    const outcomes = Promise.allSettled(dials)
    const queue = () => node.libp2p.getDialQueue()
    await waitFor('the dials', () => queue().length === MAX_DIALS + 5)
    await waitFor('the connections', () => sockets.length >= MAX_DIALS)
    assert.equal(queue().filter(({ status }) => status === 'active').length, MAX_DIALS)
    assert.equal(sockets.length, MAX_DIALS)
    stop.abort(new Error('the test is over'))
    await outcomes
  })
})

describe('a stream', () => {
  it('has MAX_STREAM_WINDOW_BYTES under way, and ends with more', async (t) => {
    const { far, near } = await openStream(t)
    const reset = once(near, 'close')
    far.send(new Uint8Array(MAX_STREAM_WINDOW_BYTES))
    // Both are frames of their own, and the first one is taken.
    await waitFor('the bytes', () => near.readBufferLength === MAX_STREAM_WINDOW_BYTES)
    assert.equal(near.status, 'open')
    far.send(new Uint8Array(MAX_STREAM_WINDOW_BYTES + 1))
    await reset
    assert.notEqual(near.status, 'open')
  })

  it('holds MAX_STREAM_BUFFER_BYTES unread, and is cut with more', async (t) => {
    const { far, near } = await openStream(t)
    const piece = MAX_STREAM_WINDOW_BYTES / 4
    for (let sent = 0; sent < MAX_STREAM_BUFFER_BYTES; sent += piece)
      far.send(new Uint8Array(piece))
    await waitFor('the bytes', () => near.readBufferLength === MAX_STREAM_BUFFER_BYTES)
    assert.equal(near.status, 'open')
    far.send(new Uint8Array(1))
    await waitFor('the end', () => near.status !== 'open')
    assert.equal(near.status, 'aborted')
  })

  it('holds MAX_STREAM_BUFFER_BYTES unsent, and is cut with more', async (t) => {
    const { far, near } = await openStream(t)
    far.pause()
    const piece = new Uint8Array(MIB)
    const isOpen = (): boolean => near.status === 'open'
    let given = 0
    let held = 0
    while (isOpen() && given < 64 * MIB) {
      near.send(piece)
      given += piece.length
      if (isOpen()) held = Math.max(held, near.writeBufferLength)
    }
    assert.equal(near.status, 'aborted')
    assert.ok(held <= MAX_STREAM_BUFFER_BYTES)
    assert.ok(given > MAX_STREAM_BUFFER_BYTES)
  })
})

describe('gossip', () => {
  /** A frame of so many bytes that says whether the peer wants heads; what fills it up is a field that nobody knows. */
  function subscription(bytes: number, wanted: boolean): Uint8Array {
    const topic = Buffer.from(headTopic(REPOSITORY))
    const wish = Buffer.concat([Buffer.from([0x08, Number(wanted), 0x12, topic.length]), topic])
    const head = Buffer.concat([Buffer.from([0x0a, wish.length]), wish])
    // Field 15 with a length of four bytes.
    const length = bytes - head.length - 5
    const size = [0, 7, 14, 21].map(
      (shift) => ((length >>> shift) & 0x7f) | (shift < 21 ? 0x80 : 0),
    )
    return frame(head, Buffer.from([0x7a, ...size]), new Uint8Array(length))
  }

  it('reads a frame of MAX_GOSSIP_FRAME_BYTES, and none longer', async (t) => {
    const node = await startLibp2p(t, 1_000)
    const peer = await startBoundless(t)
    await peer.handle(GOSSIP_PROTOCOL, () => undefined)
    const connection = await peer.dial(addressOf(node))
    const id = peer.peerId.toString()
    await waitFor('contact', () => node.gossip.getPeers().some((one) => one.toString() === id))
    const heard: (boolean | undefined)[] = []
    node.gossip.addEventListener('subscription-change', ({ detail }) => {
      heard.push(detail.subscriptions[0]?.subscribe)
    })
    /** Each on a stream of its own, for one that broke a bound is read no more. */
    const send = async (bytes: number, wanted: boolean): Promise<void> => {
      const stream = await connection.newStream(GOSSIP_PROTOCOL)
      stream.send(subscription(bytes, wanted))
    }
    await send(MAX_GOSSIP_FRAME_BYTES, true)
    await waitFor('the first', () => heard.length > 0)
    await send(MAX_GOSSIP_FRAME_BYTES + 1, true)
    await send(200, false)
    await waitFor('the last', () => heard.includes(false))
    assert.deepEqual(heard, [true, false])
  })
})
