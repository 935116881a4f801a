import type { TestContext } from 'node:test'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { decodeFrames } from '../src/exchange/frames.ts'
import { streamSource } from '../src/exchange/stream-iterables.ts'
import { EXCHANGE_PROTOCOL } from '../src/index.ts'
import { waitFor } from './_nodes.ts'
import type { TestNode } from './_nodes.ts'

/** What a hostile peer does with a stream on which it is asked. */
export type Behaviour = (stream: Stream) => Promise<void> | void

/** A bare libp2p node that speaks the exchange as it likes, connected to a node under test. */
export async function connectHostile(
  t: TestContext,
  victim: TestNode,
  behaviour: Behaviour,
): Promise<{ readonly libp2p: Libp2p; readonly connection: Connection; readonly peer: string }> {
  const libp2p = await createLibp2p({
    addresses: { listen: [] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
    start: false,
  })
  t.after(async () => {
    for (const connection of libp2p.getConnections())
      connection.abort(new Error('the test is over'))
    await libp2p.stop()
  })
  await libp2p.handle(EXCHANGE_PROTOCOL, (stream) => behaviour(stream))
  await libp2p.start()
  const [address = ''] = victim.swarm.listenAddresses()
  const connection = await libp2p.dial(multiaddr(address))
  const peer = libp2p.peerId.toString()
  await waitFor('contact', () => victim.swarm.peers().some((status) => status.peer === peer))
  return { libp2p, connection, peer }
}

/** Answer each request with what the callback makes of it. */
export function answering(answer: (request: Uint8Array, stream: Stream) => Uint8Array): Behaviour {
  return async (stream) => {
    try {
      for await (const request of decodeFrames(streamSource(stream))) {
        stream.send(answer(request, stream))
      }
    } catch {
      // The node under test cuts the stream: that is what most tests here want.
    }
  }
}

/** A frame's length as varint, then its body. */
export function frame(...parts: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts)
  const length: number[] = []
  let rest = body.length
  for (; rest >= 0x80; rest >>>= 7) length.push((rest & 0x7f) | 0x80)
  length.push(rest)
  return Buffer.concat([Buffer.from(length), body])
}

/** The id of a request, as an answer repeats it. */
export function idOf(request: Uint8Array): Uint8Array {
  return request.subarray(0, 4)
}
