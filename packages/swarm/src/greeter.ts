import type { Clock, HoldingsChange, Logger, PeerName, SwarmContent } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import type { Donors } from './donors/donors.ts'
import { KIND } from './exchange/message.ts'
import type { LaneRequest } from './exchange/request-lane.ts'
import { formatHello, MAX_HELLO_BYTES, parseHello } from './holdings/hello.ts'
import type { Hello } from './holdings/hello.ts'
import { OwnHoldings } from './holdings/own-holdings.ts'
import { formatSummary } from './holdings/summary.ts'
import type { Summary } from './holdings/summary.ts'
import { MAX_HELLO_ATTEMPTS } from './limits.ts'
import { HELLO_TIMEOUT_MS, UNKNOWN_ANSWER_BYTES } from './pace.ts'
import type { PeerBook } from './peer-book.ts'

const NO_REPOSITORY = '0'.repeat(64)

export interface GreeterComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly content: SwarmContent
  readonly book: PeerBook
  readonly ownHello: () => Hello
  /** Whether this peer may learn what we hold. */
  readonly shares: (peer: PeerName) => boolean
  readonly donors: Pick<Donors, 'joined'>
  readonly ask: (peer: PeerName, request: LaneRequest, signal: AbortSignal) => Promise<Uint8Array>
}

/** Says hello to new peers, tells those who follow the same what we hold, and keeps them current. */
export class Greeter {
  readonly #components: GreeterComponents
  readonly #debounceMs: number
  readonly #own = new Map<RepositoryId, OwnHoldings>()
  /** Peers that were told everything of a repository, and since then every change. */
  readonly #told = new Map<PeerName, Set<RepositoryId>>()
  readonly #changed = new Set<RepositoryId>()
  readonly #greetings = new Map<PeerName, Promise<void>>()
  #stopped = false
  #timer: { cancel(): void } | undefined
  #unsubscribe: (() => void) | undefined

  constructor(components: GreeterComponents, init: { readonly debounceMs: number }) {
    this.#components = components
    this.#debounceMs = init.debounceMs
  }

  start(): void {
    const { content } = this.#components
    for (const repository of content.repositories()) {
      this.#own.set(repository, new OwnHoldings(content, repository))
    }
    this.#unsubscribe = content.onHoldingsChange((change) => {
      this.#onChange(change)
    })
  }

  stop(): void {
    this.#unsubscribe?.()
    this.#timer?.cancel()
    this.#stopped = true
  }

  /** Greet a peer that connected, once at a time; resolves when it has answered or was given up. */
  greet(peer: PeerName): Promise<void> {
    const greeting =
      this.#greetings.get(peer) ?? this.#greet(peer).finally(() => this.#greetings.delete(peer))
    this.#greetings.set(peer, greeting)
    return greeting
  }

  /** Take in what a peer said of itself, by asking or by answering. */
  onHello(peer: PeerName, hello: Hello): void {
    const { book, content, donors } = this.#components
    const entry = book.get(peer)
    if (entry?.connected !== true) return
    entry.repositories = new Set(hello.repositories)
    entry.bootstrap = hello.bootstrap
    if (entry.greeted) return
    entry.greeted = true
    const common = content.repositories().filter((id) => entry.repositories.has(id))
    if (common.length === 0) return
    content.peerJoined(peer)
    donors.joined(peer, common)
    for (const repository of common) void this.#tellAll(peer, repository)
  }

  /** The peer is gone, and must be told anew when it returns. */
  forget(peer: PeerName): void {
    this.#told.delete(peer)
  }

  async #greet(peer: PeerName): Promise<void> {
    const { ask, clock, book, logger, ownHello } = this.#components
    for (let attempt = 1; attempt <= MAX_HELLO_ATTEMPTS; attempt += 1) {
      const before = clock.monotonicMs()
      try {
        const payload = formatHello(ownHello())
        const signal = AbortSignal.timeout(HELLO_TIMEOUT_MS)
        const answer = await ask(peer, greeting(payload), signal)
        book.measured(peer, clock.monotonicMs() - before)
        const hello = parseHello(answer)
        if (hello !== undefined) this.onHello(peer, hello)
        return
      } catch (error) {
        logger.debug({ peer, attempt, error }, 'a peer did not answer the greeting')
        if (this.#stopped || book.get(peer)?.connected !== true) return
      }
    }
  }

  #onChange(change: HoldingsChange): void {
    const own = this.#own.get(change.repository)
    if (own === undefined) return
    own.apply(change)
    this.#changed.add(change.repository)
    this.#timer ??= this.#components.clock.setTimer(() => {
      this.#timer = undefined
      const repositories = [...this.#changed]
      this.#changed.clear()
      for (const repository of repositories) void this.#tellChanges(repository)
    }, this.#debounceMs)
  }

  async #tellAll(peer: PeerName, repository: RepositoryId): Promise<void> {
    const own = this.#own.get(repository)
    if (own === undefined || !this.#components.shares(peer)) return
    // It fetches nothing, so it does not keep what others hold.
    if (this.#components.book.get(peer)?.bootstrap === true) return
    const told = this.#told.get(peer) ?? new Set()
    this.#told.set(peer, told.add(repository))
    try {
      await this.#tell(peer, repository, await own.full())
    } catch (error) {
      this.#lost(peer, repository, error)
    }
  }

  async #tellChanges(repository: RepositoryId): Promise<void> {
    const summary = await this.#takeChanges(repository)
    if (summary === undefined) return
    const { book } = this.#components
    for (const { peer } of book.followers(repository)) {
      if (this.#told.get(peer)?.has(repository) !== true) void this.#tellAll(peer, repository)
      else {
        void this.#tell(peer, repository, summary).catch((error: unknown) => {
          this.#lost(peer, repository, error)
        })
      }
    }
  }

  async #takeChanges(repository: RepositoryId): Promise<Summary | undefined> {
    try {
      return await this.#own.get(repository)?.takeChanges()
    } catch (error) {
      this.#components.logger.warn({ repository, error }, 'what is held could not be read')
      return undefined
    }
  }

  /** A change did not arrive: the next one brings everything. */
  #lost(peer: PeerName, repository: RepositoryId, error: unknown): void {
    this.#told.get(peer)?.delete(repository)
    this.#components.logger.debug({ peer, repository, error }, 'a summary was not taken')
  }

  async #tell(peer: PeerName, repository: RepositoryId, summary: Summary): Promise<void> {
    const { ask, book, clock } = this.#components
    const before = clock.monotonicMs()
    const request: LaneRequest = {
      what: 'leave to tell what is held',
      kind: KIND.holdings,
      repository,
      payload: formatSummary(summary),
      costBytes: UNKNOWN_ANSWER_BYTES,
      exactBytes: 0,
      maxBytes: 0,
    }
    await ask(peer, request, AbortSignal.timeout(HELLO_TIMEOUT_MS))
    book.measured(peer, clock.monotonicMs() - before)
  }
}

function greeting(payload: Uint8Array): LaneRequest {
  return {
    what: 'greeting',
    kind: KIND.hello,
    repository: NO_REPOSITORY,
    payload,
    costBytes: MAX_HELLO_BYTES,
    exactBytes: undefined,
    maxBytes: MAX_HELLO_BYTES,
  }
}
