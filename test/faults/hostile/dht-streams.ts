import type { Libp2p, Stream } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { kadProtocol } from '../../../packages/swarm/src/protocols.ts'
import type { AttackContext, Target } from './attack.ts'
import { lengthPrefixed } from './bytes.ts'
import { ping } from './dht-messages.ts'
import { countRefusals } from './refusal.ts'

/** A node under load takes its time. */
const GIVE_UP_MS = 30_000

interface DhtVictim {
  readonly context: Pick<AttackContext, 'repository' | 'count'>
  readonly target: Target
}

/** Send messages one after another on one stream, until the node has gone through all of them; rejects when it cuts them off. */
export async function sendDht(
  libp2p: Libp2p,
  { context, target }: DhtVictim,
  messages: readonly Uint8Array[],
): Promise<void> {
  await onStream(libp2p, { context, target }, [...messages, ping()])
}

/** Send each message on a stream of its own, all at once, and wait until the node has answered or cut each. */
export async function sendEachDht(
  libp2p: Libp2p,
  victim: DhtVictim,
  messages: readonly Uint8Array[],
): Promise<void> {
  const ended = messages.map((message) => onStream(libp2p, victim, [message]))
  countRefusals(await Promise.allSettled(ended), victim.context.count)
}

/** Resolves to the first answer. */
async function onStream(
  libp2p: Libp2p,
  { context, target }: DhtVictim,
  messages: readonly Uint8Array[],
): Promise<Uint8Array> {
  const signal = AbortSignal.timeout(GIVE_UP_MS)
  const protocol = kadProtocol(context.repository)
  const stream: Stream = await libp2p.dialProtocol(multiaddr(target.address), protocol, { signal })
  try {
    stream.send(Buffer.concat(messages.map(lengthPrefixed)))
    return (await lpStream(stream).read({ signal })).subarray()
  } finally {
    stream.abort(new Error('enough'))
  }
}
