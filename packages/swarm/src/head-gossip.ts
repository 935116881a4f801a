import { createHash } from 'node:crypto'
import { gossipsub, StrictNoSign, TopicValidatorResult } from '@libp2p/gossipsub'
import type { GossipSub, GossipSubComponents, Message } from '@libp2p/gossipsub'
import type { PeerId } from '@libp2p/interface'
import type { Clock, Logger, ManifestVerdict, PeerName, SwarmContent } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { RequestRate } from './exchange/request-rate.ts'
import {
  MAX_GOSSIP_FRAME_BYTES,
  MAX_HEADS_PER_SECOND,
  MAX_KNOWN_PEERS,
  MAX_MANIFEST_BYTES,
} from './limits.ts'
import { headTopic } from './protocols.ts'

/** The gossip service, held to the topics and sizes of root manifests. */
export function headGossipService(
  repositories: readonly RepositoryId[],
): (components: GossipSubComponents) => GossipSub {
  return gossipsub({
    // Unsigned and named by their bytes, so that N nodes that see one head first make one message of it.
    globalSignaturePolicy: StrictNoSign,
    msgIdFn: ({ data }: Message) => createHash('sha256').update(data).digest(),
    allowedTopics: repositories.map(headTopic),
    maxInboundDataLength: MAX_GOSSIP_FRAME_BYTES,
    fallbackToFloodsub: false,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    // Peers behind one address are an office or a test, not an attack.
    scoreParams: { IPColocationFactorWeight: 0 },
  })
}

export interface HeadGossipComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly content: SwarmContent
  readonly gossip: GossipSub
}

const RESULTS: Readonly<Record<ManifestVerdict, TopicValidatorResult>> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
}

/** Root manifests that are pushed: judged by the node before they are passed on. */
export class HeadGossip {
  readonly #components: HeadGossipComponents
  readonly #rates = new Map<PeerName, RequestRate>()
  #started = false

  constructor(components: HeadGossipComponents) {
    this.#components = components
  }

  start(): void {
    const { content, gossip } = this.#components
    for (const repository of content.repositories()) {
      const topic = headTopic(repository)
      gossip.topicValidators.set(topic, (peer, message) => this.#judge(repository, peer, message))
      gossip.subscribe(topic)
    }
    this.#started = true
  }

  stop(): void {
    this.#started = false
    const { content, gossip } = this.#components
    for (const repository of content.repositories()) {
      gossip.topicValidators.delete(headTopic(repository))
    }
  }

  /** Does nothing while there is nobody to tell: peers ask for the head when they connect. */
  async publish(repository: RepositoryId, manifest: Uint8Array): Promise<void> {
    if (!this.#started) return
    await this.#components.gossip.publish(headTopic(repository), manifest)
  }

  async #judge(
    repository: RepositoryId,
    from: PeerId,
    { data }: Message,
  ): Promise<TopicValidatorResult> {
    const peer = from.toString()
    if (data.length > MAX_MANIFEST_BYTES) return TopicValidatorResult.Reject
    if (!this.#rate(peer).take()) return TopicValidatorResult.Ignore
    try {
      return RESULTS[await this.#components.content.offerManifest(repository, data, peer)]
    } catch (error) {
      this.#components.logger.warn({ peer, repository, error }, 'a pushed head was not judged')
      return TopicValidatorResult.Ignore
    }
  }

  #rate(peer: PeerName): RequestRate {
    const rate =
      this.#rates.get(peer) ?? new RequestRate(this.#components.clock, MAX_HEADS_PER_SECOND)
    this.#rates.delete(peer)
    this.#rates.set(peer, rate)
    if (this.#rates.size > MAX_KNOWN_PEERS) {
      const [oldest] = this.#rates.keys()
      if (oldest !== undefined) this.#rates.delete(oldest)
    }
    return rate
  }
}
