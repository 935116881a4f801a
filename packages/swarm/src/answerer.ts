import { sha256 } from '@jarswarm/manifest'
import { formatProxiedClaim } from '@jarswarm/ports'
import type { Clock, LanContent, PeerName, SwarmContent } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import {
  KIND,
  parseBlobPayload,
  parseDigestPayload,
  parseNumberPayload,
  parseTilePayload,
  STATUS,
} from './exchange/message.ts'
import type { RequestFrame } from './exchange/message.ts'
import { parseProxiedQuery } from './exchange/proxied-query.ts'
import { RequestRate } from './exchange/request-rate.ts'
import { refusal } from './exchange/responder.ts'
import type { Reply } from './exchange/responder.ts'
import { formatHello, parseHello } from './holdings/hello.ts'
import type { Hello } from './holdings/hello.ts'
import { parseSummary } from './holdings/summary.ts'
import type { Summary } from './holdings/summary.ts'
import { MAX_NOTICE_REQUESTS_PER_SECOND } from './donors/limits.ts'
import { MAX_SUMMARIES_PER_SECOND } from './limits.ts'

export interface AnswererComponents {
  readonly clock: Clock
  readonly content: SwarmContent
  /** Of proxied repositories, which only local peers are answered. */
  readonly lan: LanContent | undefined
  /** Whether a peer is on this machine or a private network. */
  readonly isLocal: (peer: PeerName) => boolean
  /** Whether this peer may learn what we hold. */
  readonly shares: (peer: PeerName) => boolean
  readonly ownHello: () => Hello
  readonly onHello: (peer: PeerName, hello: Hello) => void
  readonly onSummary: (peer: PeerName, repository: RepositoryId, summary: Summary) => void
  /** Whether a peer follows a repository. */
  readonly follows: (peer: PeerName, repository: RepositoryId) => boolean
  /** What a follower who asks for donors is told; undefined when its request is malformed. */
  readonly donors: (repository: RepositoryId, payload: Uint8Array) => Uint8Array | undefined
}

const OK_EMPTY: Reply = refusal(STATUS.ok)
const NOT_HELD: Reply = refusal(STATUS.notHeld)
const BAD_REQUEST: Reply = refusal(STATUS.badRequest)

/** Answers what peers ask, out of the node's content. Every payload is attacker-held until parsed. */
export class ContentAnswerer {
  readonly #components: AnswererComponents
  readonly #summaryRates = new Map<PeerName, RequestRate>()
  readonly #noticeRates = new Map<PeerName, RequestRate>()

  constructor(components: AnswererComponents) {
    this.#components = components
  }

  async answer(peer: PeerName, request: RequestFrame): Promise<Reply> {
    if (request.kind === KIND.hello) return this.#hello(peer, request.payload)
    if (!this.#components.content.repositories().includes(request.repository)) {
      return this.#proxied(peer, request)
    }
    switch (request.kind) {
      case KIND.blob:
        return this.#blob(peer, request)
      case KIND.object:
        return this.#object(request)
      case KIND.manifest:
        return this.#manifest(request)
      case KIND.root:
        return this.#root(request)
      case KIND.log:
        return this.#log(request)
      case KIND.holdings:
        return this.#holdings(peer, request)
      case KIND.donors:
        return this.#donors(peer, request)
      default:
        return BAD_REQUEST
    }
  }

  /** The peer is gone. */
  forget(peer: PeerName): void {
    this.#summaryRates.delete(peer)
    this.#noticeRates.delete(peer)
  }

  #hello(peer: PeerName, payload: Uint8Array): Reply {
    const hello = parseHello(payload)
    if (hello === undefined) return BAD_REQUEST
    this.#components.onHello(peer, hello)
    return { status: STATUS.ok, payload: formatHello(this.#components.ownHello()) }
  }

  async #blob(peer: PeerName, { repository, payload }: RequestFrame): Promise<Reply> {
    const wanted = parseBlobPayload(payload)
    if (wanted === undefined) return BAD_REQUEST
    if (!this.#components.shares(peer)) return refusal(STATUS.refused)
    return held(await this.#components.content.readBlob(repository, wanted.digest, wanted.range))
  }

  /** To all others this node does not know the repository: its name is an address that may tell something. */
  async #proxied(peer: PeerName, request: RequestFrame): Promise<Reply> {
    const { lan, isLocal, shares } = this.#components
    const { kind, repository, payload } = request
    if (lan?.proxies(repository) !== true || !isLocal(peer) || !shares(peer)) return NOT_HELD
    switch (kind) {
      case KIND.proxied: {
        const query = parseProxiedQuery(payload)
        if (query === undefined) return BAD_REQUEST
        const claim = await lan.find(repository, query)
        return held(claim === undefined ? undefined : formatProxiedClaim(claim))
      }
      case KIND.blob: {
        const wanted = parseBlobPayload(payload)
        if (wanted === undefined) return BAD_REQUEST
        return held(await lan.readBlob(repository, wanted.digest, wanted.range))
      }
      default:
        return NOT_HELD
    }
  }

  async #object({ repository, payload }: RequestFrame): Promise<Reply> {
    const digest = parseDigestPayload(payload)
    if (digest === undefined) return BAD_REQUEST
    return held(await this.#components.content.readObject(repository, digest))
  }

  /** Who has this very manifest need not be sent it. Peers that do not know of it get, and give, all of it. */
  #manifest({ repository, payload }: RequestFrame): Reply {
    const manifest = this.#components.content.readManifest(repository)
    const known = parseDigestPayload(payload)
    if (manifest === undefined || known === undefined) return held(manifest)
    return sha256(manifest) === known ? OK_EMPTY : held(manifest)
  }

  #root({ repository, payload }: RequestFrame): Reply {
    const number = parseNumberPayload(payload)
    if (number === undefined) return BAD_REQUEST
    return held(this.#components.content.readRoot(repository, number))
  }

  async #log({ repository, payload }: RequestFrame): Promise<Reply> {
    const part = parseTilePayload(payload)
    if (part === undefined) return BAD_REQUEST
    const tile = await this.#components.content.readLogTile(repository, part.tile)
    return held(tile?.subarray(part.from))
  }

  #holdings(peer: PeerName, { repository, payload }: RequestFrame): Reply {
    if (!this.#isInTime(this.#summaryRates, peer, MAX_SUMMARIES_PER_SECOND)) {
      return refusal(STATUS.busy)
    }
    const summary = parseSummary(payload)
    if (summary === undefined) return BAD_REQUEST
    this.#components.onSummary(peer, repository, summary)
    return OK_EMPTY
  }

  /** Where donors are reached is for those who may want their files, and who tell in turn. */
  #donors(peer: PeerName, { repository, payload }: RequestFrame): Reply {
    const { donors, follows, shares } = this.#components
    if (!follows(peer, repository) || !shares(peer)) return refusal(STATUS.refused)
    if (!this.#isInTime(this.#noticeRates, peer, MAX_NOTICE_REQUESTS_PER_SECOND)) {
      return refusal(STATUS.busy)
    }
    const notices = donors(repository, payload)
    return notices === undefined ? BAD_REQUEST : { status: STATUS.ok, payload: notices }
  }

  #isInTime(rates: Map<PeerName, RequestRate>, peer: PeerName, perSecond: number): boolean {
    const rate = rates.get(peer) ?? new RequestRate(this.#components.clock, perSecond)
    rates.set(peer, rate)
    return rate.take()
  }
}

function held(payload: Uint8Array | undefined): Reply {
  return payload === undefined ? NOT_HELD : { status: STATUS.ok, payload }
}
