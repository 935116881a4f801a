import { sha256 } from '@jarswarm/manifest'
import { NotHeldError } from '@jarswarm/ports'
import type { Logger, PeerName, Swarm } from '@jarswarm/ports'
import { MAX_MANIFEST_BYTES, MAX_ROOT_BYTES } from '@jarswarm/trust'
import type { RepositoryId } from '@jarswarm/trust'
import { MAX_ROOT_PEERS } from '../limits.ts'
import type { PeerStandings } from '../transfer/peer-standings.ts'
import type { UpstreamSet } from '../upstreams/upstream-set.ts'
import type { UpstreamStanding } from '../upstreams/upstream-standing.ts'

export interface HeadSourcesComponents {
  readonly swarm: Swarm
  readonly upstreams: UpstreamSet
  readonly logger: Logger
  /** Says whom to ask first. */
  readonly standings: PeerStandings
}

/** Where roots and root manifests come from: connected followers and upstreams. Nothing is verified here. */
export class HeadSources {
  readonly #components: HeadSourcesComponents
  readonly #repository: RepositoryId
  /** Whether nobody may be asked. */
  readonly offline: boolean

  constructor(
    components: HeadSourcesComponents,
    init: { readonly id: RepositoryId; readonly offline: boolean },
  ) {
    this.#components = components
    this.#repository = init.id
    this.offline = init.offline
  }

  get followers(): readonly PeerName[] {
    return this.offline ? [] : this.#components.swarm.followers(this.#repository)
  }

  /** Whom to ask for a newer head; not all mirrors at once. */
  get upstreams(): readonly UpstreamStanding[] {
    return this.offline ? [] : this.#components.upstreams.forHeads()
  }

  /**
   * Ask a peer for its root manifest; throws as `Swarm.request`.
   *
   * @param known the one that is here, which need not be sent again
   */
  async fromPeer(
    peer: PeerName,
    known: Uint8Array | undefined,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const unless = known && sha256(known)
    const request = { kind: 'manifest', repository: this.#repository, unless } as const
    const bytes = await this.#components.swarm.request(peer, request, { signal })
    return known !== undefined && bytes.length === 0 ? known : bytes
  }

  /** Read the root manifest of an upstream; throws as `Upstream.readPublished`. */
  async fromUpstream(standing: UpstreamStanding, signal: AbortSignal): Promise<Uint8Array> {
    const options = { signal, maxBytes: MAX_MANIFEST_BYTES }
    try {
      const bytes = await standing.upstream.readPublished({ kind: 'manifest' }, options)
      standing.tellsHeads(true)
      return bytes
    } catch (error) {
      if (error instanceof NotHeldError) standing.tellsHeads(false)
      throw error
    }
  }

  /** Candidates for a root, one source after the other; those that have none are passed over. */
  async *rootCandidates(
    number: number,
    options: { readonly signal: AbortSignal; readonly first: PeerName | undefined },
  ): AsyncGenerator<Uint8Array> {
    const { signal, first } = options
    const { swarm, standings } = this.#components
    const others = standings.ranked(this.followers).filter((peer) => peer !== first)
    const peers = [...(first === undefined ? [] : [first]), ...others].slice(0, MAX_ROOT_PEERS)
    const request = { kind: 'root', repository: this.#repository, number } as const
    const reads = [
      ...peers.map((peer) => () => swarm.request(peer, request, { signal })),
      ...this.#rootUpstreams().map(
        ({ upstream }) =>
          () =>
            upstream.readPublished({ kind: 'root', number }, { signal, maxBytes: MAX_ROOT_BYTES }),
      ),
    ]
    for (const read of reads) {
      signal.throwIfAborted()
      try {
        yield await read()
      } catch (error) {
        this.#components.logger.debug({ error: String(error), number }, 'source gave no root')
      }
    }
  }

  #rootUpstreams(): readonly UpstreamStanding[] {
    return this.offline ? [] : this.#components.upstreams.rankedPublishers()
  }
}
