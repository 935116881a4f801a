// Counts what of the attacks arrives at a node, in the node's own process: what an attacker sent may never have come.
import { Mirror } from '@jarswarm/mirror'
import type { SwarmContent } from '@jarswarm/ports'
import type { PeerId } from '@libp2p/interface'

/** Of each peer: what came of it, and how often. */
export type Arrivals = Readonly<Record<string, Readonly<Record<string, number>>>>

/** Where kad-dht gives each message to whoever answers it. */
interface DhtMessages {
  handleMessage: (
    this: DhtMessages,
    peer: PeerId,
    message: { readonly type: string },
  ) => Promise<unknown>
}

/** Where a node judges the root manifests that peers push. */
interface Judge {
  offerManifest: (
    this: Judge,
    ...args: Parameters<SwarmContent['offerManifest']>
  ) => ReturnType<SwarmContent['offerManifest']>
}

/** Figure of a kind of message of the DHT, and of what became of it. */
export const dhtFigure = (type: string, fate: 'taken' | 'refused'): string =>
  `${type} arrived, ${fate}`

/** Figure of what became of root manifests that were pushed. */
export const headFigure = (verdict: string): string => `head arrived by gossip, ${verdict}`

/** Count from now on, in every node of this process. @returns the counts, which grow */
export async function countArrivals(): Promise<Arrivals> {
  const arrivals: Record<string, Record<string, number>> = {}
  const count = (peer: string, what: string): void => {
    const counts = (arrivals[peer] ??= {})
    counts[what] = (counts[what] ?? 0) + 1
  }
  const messages = await dhtMessages()
  const { handleMessage } = messages
  messages.handleMessage = async function (peer, message) {
    try {
      const answer = await handleMessage.call(this, peer, message)
      count(peer.toString(), dhtFigure(message.type, 'taken'))
      return answer
    } catch (error) {
      count(peer.toString(), dhtFigure(message.type, 'refused'))
      throw error
    }
  }
  const judge: Judge = Mirror.prototype
  const { offerManifest } = judge
  judge.offerManifest = async function (repository, manifest, peer) {
    const verdict = await offerManifest.call(this, repository, manifest, peer)
    count(peer, headFigure(verdict))
    return verdict
  }
  return arrivals
}

/** It is not exported, and nothing that is says what a node refused. */
async function dhtMessages(): Promise<DhtMessages> {
  const url = new URL('rpc/index.js', import.meta.resolve('@libp2p/kad-dht'))
  const { RPC } = (await import(url.href)) as { readonly RPC: { readonly prototype: DhtMessages } }
  return RPC.prototype
}
