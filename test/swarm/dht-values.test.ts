import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import { kadDHT } from '@libp2p/kad-dht'
import { ping as pingService } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { lpStream } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { SystemClock } from '@jarswarm/node'
import { createSwarm } from '@jarswarm/swarm'
import { MemorySwarmContent, silentLogger } from '@jarswarm/testkit'
import { createLibp2p } from 'libp2p'
import { ping, putValue } from '../faults/hostile/dht-messages.ts'
import { createBareLibp2p } from './_wire-peer.ts'

const REPOSITORY = 'ab'.repeat(32)
const KAD = `/jarswarm/${REPOSITORY.slice(0, 16)}/kad/1.0.0`
const PING = 5
/** What every object of JavaScript has, where a library may look for the kind of a key. */
const INHERITED = Object.getOwnPropertyNames(Object.prototype)

/** A server of the DHT, and a stranger that is connected to it. */
async function start(t: TestContext): Promise<{ stranger: Libp2p; address: string }> {
  const server = await createSwarm(
    {
      content: new MemorySwarmContent([REPOSITORY]),
      clock: new SystemClock(),
      logger: silentLogger,
    },
    { listen: ['/ip4/127.0.0.1/tcp/0'] },
  )
  t.after(() => server.stop())
  await server.start()
  const stranger = await createBareLibp2p()
  t.after(() => stranger.stop())
  await stranger.start()
  return { stranger, address: server.listenAddresses()[0] ?? '' }
}

/** Send one message of the DHT; resolves to the answer, and rejects when the stream is cut instead. */
async function ask(
  { stranger, address }: { stranger: Libp2p; address: string },
  message: Uint8Array,
): Promise<Buffer> {
  const stream = await stranger.dialProtocol(multiaddr(address), KAD)
  const messages = lpStream(stream)
  await messages.write(message)
  return Buffer.from((await messages.read()).subarray())
}

describe('a server of the DHT', () => {
  it('stores no value, under whatever name', async (t) => {
    const peers = await start(t)
    const pong = await ask(peers, ping())
    assert.equal(pong[1], PING)
    const value = Buffer.from('a value that nobody may leave here')
    for (const name of ['pk', 'elsewhere', ...INHERITED]) {
      const message = putValue(`/${name}/key`, value)
      await assert.rejects(ask(peers, message), `a value under ${name} was taken`)
    }
  })

  it('without that refusal would take one under a name that every object inherits', async (t) => {
    const peers = await startUnguarded(t)
    const message = putValue('/constructor/key', Buffer.from('a value'))
    assert.ok((await ask(peers, message)).includes('a value'))
  })
})

/** A server of the same DHT as kad-dht is by itself, and a stranger that is connected to it. */
async function startUnguarded(t: TestContext): Promise<{ stranger: Libp2p; address: string }> {
  const dht = kadDHT({ protocol: KAD, clientMode: false, validators: {} })
  const server = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), ping: pingService(), dht },
  })
  t.after(() => server.stop())
  const stranger = await createBareLibp2p()
  t.after(() => stranger.stop())
  await stranger.start()
  return { stranger, address: String(server.getMultiaddrs()[0]) }
}
