import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { describe, it } from 'node:test'
import type { ConnectionEncrypter, MessageStream } from '@libp2p/interface'
import { Uint8ArrayList } from 'uint8arraylist'
import { wholeMessages } from '../src/whole-messages.ts'
import { joined, REPOSITORY, startNode } from './_nodes.ts'

/** An encrypter that only remembers which connection it was given, as itself. */
class Given implements ConnectionEncrypter {
  readonly protocol = '/none'
  readonly connections: MessageStream[] = []

  secureInbound(connection: MessageStream): Promise<never> {
    return this.#take(connection)
  }

  secureOutbound(connection: MessageStream): Promise<never> {
    return this.#take(connection)
  }

  #take(connection: MessageStream): Promise<never> {
    this.connections.push(connection)
    return new Promise(() => undefined)
  }
}

for (const direction of ['secureInbound', 'secureOutbound'] as const) {
  describe(`wholeMessages, ${direction}`, () => {
    it('sends the buffers of a message as one, and says what the connection says', () => {
      const given = new Given()
      const sent: (Uint8Array | Uint8ArrayList)[] = []
      const isFull = {
        send(data: Uint8Array | Uint8ArrayList): boolean {
          sent.push(data)
          return false
        },
      }
      const encrypter = wholeMessages(() => given)(undefined)
      void encrypter[direction](isFull as unknown as MessageStream)
      const [connection] = given.connections
      const canSendMore = connection?.send(
        new Uint8ArrayList(Uint8Array.of(1), Uint8Array.of(2, 3)),
      )
      assert.deepEqual(sent, [Uint8Array.of(1, 2, 3)])
      assert.equal(canSendMore, false)
    })
  })
}

describe('what a node sends', () => {
  it('goes to the socket in whole messages, a blob of 50 KB in one', async (t) => {
    const giver = await startNode(t)
    const blob = Buffer.alloc(50_000, 7)
    const digest = giver.content.addBlob(REPOSITORY, blob)
    const asker = await startNode(t, { knownPeers: giver.swarm.listenAddresses() })
    await joined(asker, giver)
    const write = t.mock.method(Socket.prototype, 'write')
    const request = {
      kind: 'blob',
      repository: REPOSITORY,
      digest,
      offset: 0,
      length: blob.length,
    } as const
    assert.deepEqual(Buffer.from(await asker.swarm.request(giver.swarm.peerId, request, {})), blob)
    const lengths = write.mock.calls.map(({ arguments: [bytes] }) => (bytes as Uint8Array).length)
    // Length, tag and at least one byte between them.
    assert.ok(
      lengths.every((length) => length > 18),
      lengths.join(' '),
    )
    assert.ok(
      lengths.some((length) => length > blob.length + 18),
      lengths.join(' '),
    )
  })
})
