import { setTimeout as delay } from 'node:timers/promises'
import { multiaddr } from '@multiformats/multiaddr'
import { createBareLibp2p } from '../../swarm/_wire-peer.ts'
import { EXCHANGE_PROTOCOL } from '../../../packages/swarm/src/protocols.ts'
import { assault } from './attack.ts'
import type { AttackContext } from './attack.ts'
import { countRefusals } from './refusal.ts'

/** Figure of streams that came to a node, and that it gave. */
export const STREAMS_GIVEN = 'streams given'
/** Six times what a connection allows. */
const STREAMS_AT_ONCE = 400
/** How long they are held, unused. */
const HOLD_MS = 500
const GIVE_UP_MS = 3_000

/** Opens as many streams as a connection gives, and says nothing on them. */
export async function streams(context: AttackContext): Promise<void> {
  const libp2p = await createBareLibp2p(context)
  await libp2p.start()
  await assault(context, async ({ address }) => {
    const connection = await libp2p.dial(multiaddr(address))
    try {
      const opened = await Promise.allSettled(
        Array.from({ length: STREAMS_AT_ONCE }, () =>
          connection.newStream(EXCHANGE_PROTOCOL, {
            maxOutboundStreams: STREAMS_AT_ONCE,
            signal: AbortSignal.timeout(GIVE_UP_MS),
          }),
        ),
      )
      context.count('streams asked for', STREAMS_AT_ONCE)
      // The node has answered that it speaks the protocol on it.
      context.count(STREAMS_GIVEN, opened.filter(({ status }) => status === 'fulfilled').length)
      countRefusals(opened, context.count)
      await delay(HOLD_MS)
    } finally {
      connection.abort(new Error('enough'))
    }
  })
  await libp2p.stop()
}
