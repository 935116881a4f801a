import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import type { Libp2p } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { SystemClock } from '@jarswarm/node'
import { createSwarm } from '@jarswarm/swarm'
import { MemorySwarmContent, silentLogger } from '@jarswarm/testkit'
import { bytesField, numberField } from '../faults/hostile/bytes.ts'
import { createBareLibp2p } from './_wire-peer.ts'

const REPOSITORY = 'ab'.repeat(32)
const KAD = `/jarswarm/${REPOSITORY.slice(0, 16)}/kad/1.0.0`
const PUT_VALUE = 0
const PING = 5
const RECORD = 3
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
  fields: readonly Uint8Array[],
): Promise<Buffer> {
  const stream = await stranger.dialProtocol(multiaddr(address), KAD)
  const messages = lpStream(stream)
  await messages.write(Buffer.concat(fields))
  return Buffer.from((await messages.read()).subarray())
}

describe('a server of the DHT', () => {
  it('stores no value, under whatever name', async (t) => {
    const peers = await start(t)
    const pong = await ask(peers, [numberField(1, PING)])
    assert.equal(pong[1], PING)
    const value = Buffer.from('a value that nobody may leave here')
    for (const name of ['pk', 'elsewhere', ...INHERITED]) {
      const key = Buffer.from(`/${name}/key`)
      const record = [bytesField(1, key), bytesField(2, value), bytesField(5, now())]
      const put = [numberField(1, PUT_VALUE), bytesField(2, key)]
      const message = [...put, bytesField(RECORD, Buffer.concat(record))]
      await assert.rejects(ask(peers, message), `a value under ${name} was taken`)
    }
  })
})

const now = (): Uint8Array => Buffer.from(new Date().toISOString())
