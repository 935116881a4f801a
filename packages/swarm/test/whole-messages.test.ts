import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ConnectionEncrypter, MessageStream } from '@libp2p/interface'
import { Uint8ArrayList } from 'uint8arraylist'
import { wholeMessages } from '../src/whole-messages.ts'

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
