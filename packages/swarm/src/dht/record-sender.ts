import type { Libp2p, PeerId } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import type { CID } from 'multiformats/cid'
import { formatAddProvider, formatPing } from './record-message.ts'

/**
 * Gives provider records to a DHT server, many on one stream: kad-dht opens one for each, and its negotiation costs more than
 * the record.
 */
export class RecordSender {
  readonly #libp2p: Libp2p
  readonly #protocol: string

  constructor(libp2p: Libp2p, protocol: string) {
    this.#libp2p = libp2p
    this.#protocol = protocol
  }

  /**
   * Resolves when the server has seen all of them. One that it refuses ends the stream, and those behind it are lost: so each
   * is given alone then.
   *
   * @returns how many it took
   * @throws when it cannot be reached, or the signal's reason
   */
  async send(server: PeerId, keys: readonly CID[], signal: AbortSignal): Promise<number> {
    if (await this.#sendTogether(server, keys, signal)) return keys.length
    if (keys.length === 1) return 0
    let taken = 0
    for (const key of keys) if (await this.#sendTogether(server, [key], signal)) taken += 1
    return taken
  }

  /** @returns false when the server ended the stream */
  async #sendTogether(server: PeerId, keys: readonly CID[], signal: AbortSignal): Promise<boolean> {
    const stream = await this.#libp2p.dialProtocol(server, this.#protocol, { signal })
    const frames = lpStream(stream)
    const self = {
      id: this.#libp2p.peerId.toMultihash().bytes,
      addresses: this.#libp2p.getMultiaddrs().map(({ bytes }) => bytes),
    }
    try {
      const records = keys.map((key) => formatAddProvider(key.multihash.bytes, self))
      // Messages are taken one after the other, so that its answer says that all before it were.
      await frames.writeV([...records, formatPing()], { signal })
      await frames.read({ signal })
      await stream.close({ signal })
      return true
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(String(error)))
      signal.throwIfAborted()
      return false
    }
  }
}
