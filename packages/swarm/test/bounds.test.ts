import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { DEFAULT_LIMITS, MAX_MANIFEST_BYTES, MAX_PENDING_OF_ORIGIN } from '../src/limits.ts'
import { joined, REPOSITORY, startNode, waitFor } from './_nodes.ts'
import type { TestNode } from './_nodes.ts'

/** As an office or a CI farm behind one address may have. */
const CROWD = 20

async function bare(t: TestContext): Promise<Libp2p> {
  const libp2p = await createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
  })
  t.after(() => libp2p.stop())
  return libp2p
}

/** Dial all at once; how many are connected in the end. */
async function crowd(t: TestContext, target: TestNode, size: number): Promise<number> {
  const dialers = await Promise.all(Array.from({ length: size }, () => bare(t)))
  const [address = ''] = target.swarm.listenAddresses()
  await Promise.allSettled(dialers.map((dialer) => dialer.dial(multiaddr(address))))
  return dialers.filter((dialer) => dialer.getConnections().length > 0).length
}

describe('a bootstrap node', () => {
  it('takes twenty nodes behind one address at once', async (t) => {
    const bootstrap = await startNode(t, { role: 'bootstrap', limits: DEFAULT_LIMITS })
    assert.equal(await crowd(t, bootstrap, CROWD), CROWD)
  })

  it('keeps no account of what others hold, and is told of it by nobody', async (t) => {
    const bootstrap = await startNode(t, { role: 'bootstrap' })
    const node = await startNode(t, { bootstrap: bootstrap.swarm.listenAddresses() })
    const other = await startNode(t, { bootstrap: node.swarm.listenAddresses() })
    await joined(bootstrap, node)
    const digest = node.content.addBlob(REPOSITORY, Buffer.from('a jar'))
    await waitFor('the claim', () => other.swarm.claimants(REPOSITORY, digest).length === 1)
    assert.deepEqual(bootstrap.swarm.claimants(REPOSITORY, digest), [])
  })
})

describe('a node', () => {
  it('has no more connections than its bound', async (t) => {
    const node = await startNode(t, { limits: { maxConnections: 5 } })
    await crowd(t, node, 9)
    const connected = node.swarm.peers().filter((peer) => peer.connected)
    assert.ok(connected.length <= 5)
  })

  it('takes no more handshakes of one address than its bound, and new ones when those are gone', async (t) => {
    const node = await startNode(t)
    const [, , host = '', , port] = (node.swarm.listenAddresses()[0] ?? '').split('/')
    const mute = Array.from({ length: MAX_PENDING_OF_ORIGIN }, () =>
      connect({ host, port: Number(port) }).on('error', () => undefined),
    )
    t.after(() => {
      for (const socket of mute) socket.destroy()
    })
    await Promise.all(mute.map((socket) => once(socket, 'connect')))
    assert.equal(await crowd(t, node, 1), 0)
    await Promise.all(mute.map((socket) => once(socket.destroy(), 'close')))
    const late = await bare(t)
    await waitFor('a place', () => {
      if (late.getDialQueue().length === 0)
        void late.dial(multiaddr(node.swarm.listenAddresses()[0] ?? '')).catch(() => undefined)
      return late.getConnections().length > 0
    })
  })

  it('takes a pushed manifest of the largest size', async (t) => {
    const one = await startNode(t)
    const other = await startNode(t, { bootstrap: one.swarm.listenAddresses() })
    await joined(one, other)
    // Whether the other has subscribed yet cannot be seen: newer ones follow until one has arrived.
    let number = 0
    await waitFor('the manifest', () => {
      const manifest = Buffer.alloc(MAX_MANIFEST_BYTES, 1)
      manifest.writeUInt32BE((number += 1), 1)
      void one.swarm.gossipManifest(REPOSITORY, manifest)
      return other.content.readManifest(REPOSITORY)?.length === MAX_MANIFEST_BYTES
    })
  })
})
