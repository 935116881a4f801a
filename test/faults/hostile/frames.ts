import { setTimeout as delay } from 'node:timers/promises'
import type { Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { createBareLibp2p } from '../../swarm/_wire-peer.ts'
import { KIND } from '../../../packages/swarm/src/exchange/message.ts'
import { EXCHANGE_PROTOCOL } from '../../../packages/swarm/src/protocols.ts'
import { assault } from './attack.ts'
import type { AttackContext } from './attack.ts'
import { lengthPrefixed, nonsense, times, varint } from './bytes.ts'

const MANY = 10_000
const HOLD_MS = 300
const LONGEST_FRAME_BYTES = 1_048_640

/** What is sent on a stream of its own. */
type Burst = (context: AttackContext) => Uint8Array

const hello = lengthPrefixed(Buffer.concat([Buffer.of(0, 0, 0, 1, KIND.hello), Buffer.alloc(34)]))

const BURSTS: Readonly<Record<string, Burst>> = {
  'lengths that do not end': () => Buffer.alloc(65_536, 0xff),
  'frames too long': () => Buffer.concat([varint(LONGEST_FRAME_BYTES + 1), nonsense()]),
  'frames that stop halfway': () => Buffer.concat([varint(LONGEST_FRAME_BYTES), nonsense()]),
  'thousands of empty frames': () => times(MANY, lengthPrefixed(new Uint8Array(0))),
  'thousands of frames of a byte': () => times(MANY, lengthPrefixed(Buffer.of(7))),
  'thousands of greetings at once': () => times(MANY, hello),
  'requests for what there is not': ({ repository }) =>
    times(
      MANY,
      lengthPrefixed(
        Buffer.concat([
          Buffer.of(0, 0, 0, 1, KIND.object),
          Buffer.from(repository, 'hex'),
          nonsense(),
        ]),
      ),
    ),
  noise: () => Buffer.concat(Array.from({ length: 512 }, nonsense)),
}

/** Speaks the exchange as nobody should: frames without end, without measure, without sense. */
export async function frames(context: AttackContext): Promise<void> {
  const libp2p = await createBareLibp2p(context)
  await libp2p.start()
  const bursts = Object.entries(BURSTS)
  await assault(context, async ({ address }) => {
    const chosen = bursts[context.random.below(bursts.length)]
    if (chosen === undefined) return
    const stream = await libp2p.dialProtocol(multiaddr(address), EXCHANGE_PROTOCOL)
    await send(stream, chosen[1](context))
    context.count(chosen[0])
  })
  await libp2p.stop()
}

async function send(stream: Stream, bytes: Uint8Array): Promise<void> {
  try {
    stream.send(bytes)
    await delay(HOLD_MS)
  } finally {
    stream.abort(new Error('enough'))
  }
}
