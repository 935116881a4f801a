import type { Libp2p, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { RPC } from '@libp2p/gossipsub/message'
import { createBareLibp2p } from '../../swarm/_wire-peer.ts'
import { waitFor } from '../../_wait-for.ts'
import { headTopic } from '../../../packages/swarm/src/protocols.ts'
import { setTimeout as delay } from 'node:timers/promises'
import { assault } from './attack.ts'
import type { AttackContext, Target } from './attack.ts'
import { lengthPrefixed, nonsense } from './bytes.ts'
import { refusedBy } from './refusal.ts'

const GOSSIP_PROTOCOL = '/meshsub/1.1.0'
/** As many as fit into the largest frame that is taken. */
const TOPICS_AT_ONCE = 4_000
/** A frame that is far too long. */
const HUGE_TOPICS = 60_000
const MESSAGES_AT_ONCE = 50
const MESSAGE_BYTES = 4_000
const HOLD_MS = 200
/** Longest that a node takes to read what was sent before. */
const CLOSE_MS = 30_000

type Rumour = (context: AttackContext) => Partial<RPC>

const topicName = (): string => `/${Buffer.from(nonsense()).toString('hex')}`

const TOPIC_FLOODS: Readonly<Record<string, Rumour>> = {
  'topics that nobody else has': () => ({ subscriptions: subscriptions(TOPICS_AT_ONCE) }),
  'frames of 4 MB of topics': () => ({ subscriptions: subscriptions(HUGE_TOPICS) }),
  'messages on topics that nobody else has': () => ({
    messages: Array.from({ length: MESSAGES_AT_ONCE }, () => ({
      topic: topicName(),
      data: Buffer.alloc(MESSAGE_BYTES),
    })),
  }),
  'offers on topics that nobody else has': () => ({
    control: control({
      ihave: Array.from({ length: TOPICS_AT_ONCE / 2 }, () => ({
        topicID: topicName(),
        messageIDs: [nonsense()],
      })),
    }),
  }),
  'messages of nonsense on the right topic': ({ repository }) => ({
    messages: Array.from({ length: MESSAGES_AT_ONCE }, () => ({
      topic: headTopic(repository),
      data: Buffer.concat(Array.from({ length: MESSAGE_BYTES / 32 }, nonsense)),
    })),
  }),
  'offers on the right topic': ({ repository }) => ({
    control: control({
      ihave: [
        {
          topicID: headTopic(repository),
          messageIDs: Array.from({ length: TOPICS_AT_ONCE }, nonsense),
        },
      ],
    }),
  }),
}

/** Floods gossip: with topics of its own making, and the one that is used. */
export const topics = (context: AttackContext): Promise<void> => spread(context, TOPIC_FLOODS)

const FALSE_HEADS: Readonly<Record<string, Rumour>> = {
  'forged heads': ({ repository, heads }) => pushed(repository, heads.forged),
  'old heads': ({ repository, heads }) => pushed(repository, heads.old),
  'forked heads': ({ repository, heads }) => pushed(repository, heads.forked),
  'heads with bytes behind them': ({ repository, heads }) =>
    pushed(repository, Buffer.concat([heads.old, nonsense()])),
}

/** Pushes heads that are forged, old, or of another story. */
export const falseHeads = (context: AttackContext): Promise<void> => spread(context, FALSE_HEADS)

/**
 * Push a sound head in the same way to all, again to those that had no place just then. A node may lose what comes as the stream
 * ends, so that whoever wants it to be taken comes again.
 */
export async function tellAll(context: AttackContext, head: Uint8Array): Promise<void> {
  const libp2p = await startGossip(context)
  for (const target of context.targets) {
    await waitFor(`a place at ${target.address}`, async () => {
      try {
        const stream = await push(libp2p, { context, target }, pushed(context.repository, head))
        await stream.close({ signal: AbortSignal.timeout(CLOSE_MS) })
        return true
      } catch (error) {
        context.count(refusedBy(error))
        return undefined
      }
    })
  }
  await libp2p.stop()
}

async function spread(
  context: AttackContext,
  rumours: Readonly<Record<string, Rumour>>,
): Promise<void> {
  const libp2p = await startGossip(context)
  const choice = Object.entries(rumours)
  await assault(context, async (target) => {
    const chosen = choice[context.random.below(choice.length)]
    if (chosen === undefined) return
    const stream = await push(libp2p, { context, target }, chosen[1](context))
    stream.abort(new Error('enough'))
    context.count(chosen[0])
  })
  await libp2p.stop()
}

async function startGossip(context: AttackContext): Promise<Libp2p> {
  const libp2p = await createBareLibp2p(context)
  // A node takes gossip only of peers that speak it.
  await libp2p.handle(GOSSIP_PROTOCOL, () => undefined)
  await libp2p.start()
  return libp2p
}

/** @returns the stream, which whoever called ends */
async function push(
  libp2p: Libp2p,
  { context, target }: { readonly context: AttackContext; readonly target: Target },
  rumour: Partial<RPC>,
): Promise<Stream> {
  const stream = await libp2p.dialProtocol(multiaddr(target.address), GOSSIP_PROTOCOL)
  try {
    const subscribed = {
      subscriptions: [{ subscribe: true, topic: headTopic(context.repository) }],
    }
    for (const rpc of [subscribed, rumour])
      stream.send(lengthPrefixed(RPC.encode({ subscriptions: [], messages: [], ...rpc })))
    await delay(HOLD_MS)
    return stream
  } catch (error) {
    stream.abort(new Error('enough'))
    throw error
  }
}

const subscriptions = (count: number): RPC.SubOpts[] =>
  Array.from({ length: count }, () => ({ subscribe: true, topic: topicName() }))

const pushed = (repository: string, data: Uint8Array): Partial<RPC> => ({
  messages: [{ topic: headTopic(repository), data }],
})

const control = (given: Partial<RPC.ControlMessage>): RPC.ControlMessage => ({
  ihave: [],
  iwant: [],
  graft: [],
  prune: [],
  idontwant: [],
  ...given,
})
