import { lpStream } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { createBareLibp2p } from '../../swarm/_wire-peer.ts'
import { KIND } from '../../../packages/swarm/src/exchange/message.ts'
import { formatHello } from '../../../packages/swarm/src/holdings/hello.ts'
import { formatSummary } from '../../../packages/swarm/src/holdings/summary.ts'
import { MAX_CLAIMS, MAX_FRAME_BYTES } from '../../../packages/swarm/src/limits.ts'
import { EXCHANGE_PROTOCOL } from '../../../packages/swarm/src/protocols.ts'
import { assault } from './attack.ts'
import type { AttackContext } from './attack.ts'
import { lengthPrefixed } from './bytes.ts'

/** Twice what is taken of one peer in a second. */
const SUMMARIES_AT_ONCE = 16
const GIVE_UP_MS = 30_000
/** Figure of summaries that a node has judged. */
export const SUMMARIES_ANSWERED = 'summaries of 131 072 claims answered'

/** Says that it holds as much as can be said, over and over, in new words each time; now and then more than can be. */
export async function summaries(context: AttackContext): Promise<void> {
  const libp2p = await createBareLibp2p(context)
  await libp2p.start()
  await assault(context, async ({ address }) => {
    const stream = await libp2p.dialProtocol(multiaddr(address), EXCHANGE_PROTOCOL)
    try {
      const greeting = formatHello({ bootstrap: false, repositories: [context.repository] })
      stream.send(request(context, KIND.hello, greeting))
      for (let sent = 0; sent < SUMMARIES_AT_ONCE; sent += 1) {
        const tooMany = sent % 5 === 4 ? 1 : 0
        stream.send(request(context, KIND.holdings, boast(context, MAX_CLAIMS + tooMany)))
      }
      // One answer for the greeting, and one for each.
      const answers = lpStream(stream, { maxDataLength: MAX_FRAME_BYTES })
      const signal = AbortSignal.timeout(GIVE_UP_MS)
      await answers.read({ signal })
      for (let read = 0; read < SUMMARIES_AT_ONCE; read += 1) {
        await answers.read({ signal })
        context.count(SUMMARIES_ANSWERED)
      }
    } finally {
      stream.abort(new Error('enough'))
    }
  })
  await libp2p.stop()
}

/** Claims from nowhere in particular, as many as asked for. */
function boast({ random }: AttackContext, claims: number): Uint8Array {
  const added = new Uint32Array(claims)
  const step = Math.floor(0xffff_ffff / claims)
  for (let at = 0; at < claims; at += 1) added[at] = at * step + random.below(step)
  const removed = new Uint32Array(0)
  return formatSummary({ reset: true, completeToSeq: undefined, added, removed })
}

function request({ repository }: AttackContext, kind: number, payload: Uint8Array): Uint8Array {
  const head = Buffer.concat([Buffer.of(0, 0, 0, 1, kind), Buffer.from(repository, 'hex')])
  return lengthPrefixed(Buffer.concat([head, payload]))
}
