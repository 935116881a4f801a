import { MAX_OBJECT_BYTES } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import { UnavailableError } from '@jarswarm/ports'
import type { AbortOptions, Clock, PeerName, Swarm } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { MAX_OBJECT_PEERS, OBJECT_PEERS_AT_ONCE } from '../limits.ts'
import type { LackingPeers } from '../transfer/lacking-peers.ts'
import type { PartSource } from '../transfer/part.ts'
import { PeerSource } from '../transfer/peer-source.ts'
import type { PeerStandings } from '../transfer/peer-standings.ts'
import { Transfer } from '../transfer/transfer.ts'
import { UpstreamSource } from '../transfer/upstream-source.ts'
import type { UpstreamSet } from '../upstreams/upstream-set.ts'
import { orAborted } from '../wait/deadline.ts'

export interface ObjectFetcherComponents {
  readonly swarm: Swarm
  readonly upstreams: UpstreamSet
  readonly clock: Clock
  readonly standings: PeerStandings
  /** Says whom to ask first, and is told who lacks what it was asked for. */
  readonly lacking: LackingPeers
}

export interface ObjectFetcherInit {
  readonly repository: RepositoryId
  /** Asks nobody. */
  readonly offline: boolean
}

interface Wish {
  readonly bytes: PromiseWithResolvers<Uint8Array>
  waiting: number
}

/**
 * Gets index nodes and piece lists by digest: from several peers at once, and from the upstreams for what they lack.
 *
 * All that is wanted at the same time shares one transfer, and equal wishes one request.
 */
export class ObjectFetcher {
  readonly #components: ObjectFetcherComponents
  readonly #init: ObjectFetcherInit
  readonly #wishes = new Map<Digest, Wish>()
  #transfer: Transfer | undefined
  #preferred: PeerName | undefined

  constructor(components: ObjectFetcherComponents, init: ObjectFetcherInit) {
    this.#components = components
    this.#init = init
  }

  /** Ask this peer first, unless it lacked something: it told us of the head whose objects are wanted. */
  prefer(peer: PeerName | undefined): void {
    this.#preferred = peer
  }

  /**
   * Get an object; its bytes match the digest.
   *
   * @throws {UnavailableError} when nobody gives it
   */
  async get(digest: Digest, options: AbortOptions): Promise<Uint8Array> {
    options.signal?.throwIfAborted()
    if (this.#init.offline) throw new UnavailableError('the node is offline')
    const wish = this.#wishes.get(digest) ?? this.#wish(digest)
    wish.waiting += 1
    try {
      return await orAborted(wish.bytes.promise, options.signal)
    } finally {
      wish.waiting -= 1
      this.#endWhenIdle()
    }
  }

  stop(): void {
    this.#transfer?.abort(new UnavailableError('the node stops'))
  }

  #wish(digest: Digest): Wish {
    const wish: Wish = { bytes: Promise.withResolvers(), waiting: 0 }
    // A wish whose last waiter went away fails in silence.
    wish.bytes.promise.catch(() => undefined)
    this.#wishes.set(digest, wish)
    this.#transfer ??= this.#start()
    this.#transfer.add([{ digest, offset: 0, length: MAX_OBJECT_BYTES }])
    return wish
  }

  #start(): Transfer {
    const { clock } = this.#components
    const sources = this.#sources()
    const first: PartSource[] = []
    while (first.length < OBJECT_PEERS_AT_ONCE) {
      const source = sources.next()
      if (source.done === true) break
      first.push(source.value)
      if (source.value.kind !== 'peer') break
    }
    const transfer = new Transfer(
      { clock },
      {
        sources: first,
        nextSources: () => {
          const next = sources.next()
          return Promise.resolve(next.done === true ? [] : [next.value])
        },
        deliver: ({ digest }, bytes) => {
          this.#wishes.get(digest)?.bytes.resolve(bytes)
          this.#wishes.delete(digest)
        },
      },
    )
    transfer.done.catch((error: unknown) => {
      this.#onFailure(transfer, error)
    })
    return transfer
  }

  *#sources(): Generator<PartSource, undefined> {
    const { swarm, upstreams, lacking } = this.#components
    const { repository } = this.#init
    const isPreferred = (peer: PeerName): boolean => peer === this.#preferred && !lacking.has(peer)
    const followers = lacking.ranked(swarm.followers(repository))
    const peers = [
      ...followers.filter(isPreferred),
      ...followers.filter((peer) => !isPreferred(peer)),
    ]
    for (const peer of peers.slice(0, MAX_OBJECT_PEERS)) {
      // Who hears of a head later than this node lacks its objects, and never said otherwise.
      const onLacking = lacking.lacked.bind(lacking, peer)
      const init = { peer, repository, blob: undefined, claimed: false, onLacking }
      yield new PeerSource(this.#components, init)
    }
    for (const standing of upstreams.rankedPublishers()) yield new UpstreamSource(standing)
    return undefined
  }

  #onFailure(transfer: Transfer, cause: unknown): void {
    // One that was let go of has no say over the wishes of its successor.
    if (this.#transfer !== transfer) return
    this.#transfer = undefined
    const reason = cause instanceof Error ? cause.message : String(cause)
    for (const { bytes } of this.#wishes.values()) {
      bytes.reject(new UnavailableError(`the index cannot be had: ${reason}`, { cause }))
    }
    this.#wishes.clear()
  }

  /** Let go of the transfer when nobody waits, so that the next one begins with the peers of then. */
  #endWhenIdle(): void {
    for (const { waiting } of this.#wishes.values()) if (waiting > 0) return
    const transfer = this.#transfer
    this.#transfer = undefined
    this.#wishes.clear()
    transfer?.abort(new Error('nobody waits'))
  }
}
