import type { Clock, Logger, ManifestVerdict, PeerName } from '@jarswarm/ports'
import { MAX_UNDER_WAY } from '../limits.ts'
import type { UpstreamStanding } from '../upstreams/upstream-standing.ts'
import { orAborted, startDeadline, withDeadline } from '../wait/deadline.ts'
import { pause } from '../wait/pause.ts'
import { Periodic } from '../wait/periodic.ts'
import type { HeadSources } from './head-sources.ts'
import type { OfferOutcome, TrustKeeper } from './trust-keeper.ts'
import { VerificationBudget } from './verification-budget.ts'

/** Between two questions to the origin. Gossip and pull bring heads sooner; this is for when both fail. */
export const POLL_INTERVAL_MS = 600_000
/** Between two questions to a random follower. */
export const PULL_INTERVAL_MS = 60_000
/** A head that somebody confirmed so lately needs no further look. */
export const CONFIRMATION_MS = 10_000
/** Longest look for a newer head while a client waits. */
export const LOOK_TIMEOUT_MS = 2_000
/**
 * After a wait for the first head that was in vain. A build asks for one file after another: it must not wait as long for
 * each, when it could have them elsewhere.
 */
export const FIRST_HEAD_PAUSE_MS = 30_000
/** Between two looks for the first head, while clients ask for it. */
const FIRST_HEAD_INTERVAL_MS = 2_000
/** Longest wait for one manifest in the background. */
const BACKGROUND_TIMEOUT_MS = 10_000
/** Followers asked in one look. */
const PEERS_PER_LOOK = 3
/** How often a follower that connected is asked for its head: the first question may go over a connection that died. */
const JOIN_PULLS = 3
/** Between two of these. */
export const JOIN_PAUSE_MS = 2_000

export interface HeadWatchComponents {
  readonly keeper: TrustKeeper
  readonly sources: HeadSources
  readonly clock: Clock
  readonly random: () => number
  readonly logger: Logger
}

/** Each way in which heads come can be switched off alone. */
export interface HeadWatchInit {
  /** Take what peers push. @defaultValue true */
  readonly push?: boolean
  /** Ask a random follower now and then, and whoever connects. @defaultValue true */
  readonly pull?: boolean
  /** Ask the origin now and then. @defaultValue true */
  readonly poll?: boolean
  /** @defaultValue {@link POLL_INTERVAL_MS} */
  readonly pollIntervalMs?: number
  /** @defaultValue {@link PULL_INTERVAL_MS} */
  readonly pullIntervalMs?: number
}

/** Sees to it that newer heads are found: pushed by peers, pulled from peers, polled from the origin. */
export class HeadWatch {
  readonly #components: HeadWatchComponents
  readonly #init: HeadWatchInit
  readonly #budget: VerificationBudget
  /** How many pushed manifests of each peer are being judged, or wait for it. */
  readonly #underWay = new Map<PeerName, number>()
  readonly #stop = new AbortController()
  readonly #tasks: readonly Periodic[]
  readonly #running = new Set<Promise<unknown>>()
  #look: Promise<void> | undefined
  #lookedAtMs: number | undefined
  #awaitedInVainAtMs: number | undefined
  #keepsLooking = false

  constructor(components: HeadWatchComponents, init: HeadWatchInit) {
    this.#components = components
    this.#init = init
    this.#budget = new VerificationBudget(components)
    const tasks: Periodic[] = []
    if (init.pull !== false) {
      const intervalMs = init.pullIntervalMs ?? PULL_INTERVAL_MS
      tasks.push(new Periodic(components, { intervalMs, run: () => this.#pullFromOne() }))
    }
    if (init.poll !== false) {
      const intervalMs = init.pollIntervalMs ?? POLL_INTERVAL_MS
      tasks.push(new Periodic(components, { intervalMs, run: () => this.#pollAll() }))
    }
    this.#tasks = tasks
  }

  start(): void {
    for (const task of this.#tasks) task.start()
    if (this.#init.poll !== false) this.#track(this.#pollAll())
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the node stops'))
    await Promise.all(this.#tasks.map((task) => task.stop()))
    await Promise.allSettled([...this.#running, this.#look])
  }

  /** A follower connected: it may know what happened while we were away. */
  peerJoined(peer: PeerName): void {
    if (this.#init.pull !== false) this.#track(this.#pullFromJoined(peer))
  }

  /** Judge what a peer pushed. */
  async offer(manifest: Uint8Array, peer: PeerName): Promise<ManifestVerdict> {
    if (this.#init.push === false) return 'ignore'
    const { keeper } = this.#components
    // Confirms nothing: else one peer could keep us from asking others by repeating an old head.
    if (keeper.isCurrent(manifest)) return 'ignore'
    const underWay = this.#underWay.get(peer) ?? 0
    if (underWay >= MAX_UNDER_WAY || !this.#budget.take(peer)) return 'ignore'
    this.#underWay.set(peer, underWay + 1)
    try {
      return verdictOf(await keeper.offer(manifest, peer))
    } finally {
      const left = (this.#underWay.get(peer) ?? 1) - 1
      if (left > 0) this.#underWay.set(peer, left)
      else this.#underWay.delete(peer)
    }
  }

  /**
   * Ask upstreams and some followers at the same time whether there is a newer head; at once when somebody was asked
   * in the last {@link CONFIRMATION_MS}. Ends when the origin has answered, or all have, or time is up. Without an origin
   * that works, a mirror that knows no older head than this node stands for it.
   */
  async lookForNewerHead(options: { readonly signal?: AbortSignal }): Promise<void> {
    const { clock } = this.#components
    if (this.#lookedAtMs !== undefined && clock.monotonicMs() - this.#lookedAtMs < CONFIRMATION_MS)
      return
    await orAborted(this.#lookNow(), options.signal)
  }

  /**
   * Look for the first head of all, and wait a while for somebody who knows it; not again within
   * {@link FIRST_HEAD_PAUSE_MS}. What comes of it, the keeper has.
   */
  async findFirstHead(options: { readonly signal?: AbortSignal }): Promise<void> {
    const { clock, keeper, sources, logger } = this.#components
    const awaitedAtMs = this.#awaitedInVainAtMs ?? -Infinity
    if (clock.monotonicMs() - awaitedAtMs < FIRST_HEAD_PAUSE_MS) return
    await this.lookForNewerHead(options)
    if (sources.offline) return
    try {
      await keeper.untilFirstHead(options)
    } catch (error) {
      options.signal?.throwIfAborted()
      this.#awaitedInVainAtMs = clock.monotonicMs()
      logger.debug({ error: String(error) }, 'no head yet')
      if (!this.#keepsLooking) this.#track(this.#keepLooking())
    }
  }

  /** Somebody wants to build: the first head is taken up soon after there is one again. */
  async #keepLooking(): Promise<void> {
    const { clock, keeper } = this.#components
    const { signal } = this.#stop
    const endMs = clock.monotonicMs() + FIRST_HEAD_PAUSE_MS
    this.#keepsLooking = true
    while (keeper.trusted?.head === undefined && clock.monotonicMs() < endMs) {
      await pause(clock, FIRST_HEAD_INTERVAL_MS, signal)
      if (signal.aborted) break
      await this.#lookNow()
    }
    this.#keepsLooking = false
  }

  /** One look for all who want one at the same time; never rejects. */
  #lookNow(): Promise<void> {
    this.#look ??= this.#lookOnce().finally(() => {
      this.#look = undefined
    })
    return this.#look
  }

  async #lookOnce(): Promise<void> {
    const { clock, sources } = this.#components
    const deadline = startDeadline(clock, {
      timeoutMs: LOOK_TIMEOUT_MS,
      reason: 'no answer in time',
      parents: [this.#stop.signal],
    })
    const { signal } = deadline
    const upstreams = sources.upstreams
    const asked = upstreams.map((standing) => this.#askUpstream(standing, signal))
    const deciding = asked.filter((_, at) => decides(upstreams[at], upstreams))
    const peers = this.#someFollowers().map((peer) => this.#askPeer(peer, signal))
    const all = Promise.all([...asked, ...peers])
    // Whoever is slower than the first to answer may still bring a newer head, until time is up.
    this.#track(
      all.finally(() => {
        deadline.end()
      }),
    )
    try {
      await orAborted(Promise.any([...deciding.map(orReject), all]), signal)
    } catch (error) {
      this.#components.logger.debug({ error: String(error) }, 'look for a newer head ended early')
    } finally {
      this.#confirm()
    }
  }

  /** One that answers will do: else whoever drew a dead one would learn nothing for another interval. */
  async #pullFromOne(): Promise<void> {
    for (const peer of this.#someFollowers()) if (isAnswer(await this.#pull(peer))) return
  }

  async #pullFromJoined(peer: PeerName): Promise<void> {
    const { clock, sources } = this.#components
    for (let pull = 1; (await this.#pull(peer)) === undefined && pull < JOIN_PULLS; pull += 1) {
      await pause(clock, JOIN_PAUSE_MS, this.#stop.signal)
      if (this.#stop.signal.aborted || !sources.followers.includes(peer)) return
    }
  }

  /** @returns undefined when the peer gave nothing */
  async #pull(peer: PeerName): Promise<OfferOutcome | undefined> {
    return await this.#inBackground((signal) => this.#askFor(peer, signal))
  }

  async #pollAll(): Promise<void> {
    await Promise.all(
      this.#components.sources.upstreams.map((upstream) =>
        this.#inBackground((signal) => this.#askUpstream(upstream, signal)),
      ),
    )
  }

  /** @returns undefined when it took too long */
  async #inBackground<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const { clock, logger } = this.#components
    const parents = [this.#stop.signal]
    try {
      const init = { timeoutMs: BACKGROUND_TIMEOUT_MS, reason: 'no answer in time', parents }
      return await withDeadline(clock, init, ask)
    } catch (error) {
      logger.debug({ error: String(error) }, 'question for a head ended early')
      return undefined
    }
  }

  /** @returns whether it answered with something that counts */
  async #askPeer(peer: PeerName, signal: AbortSignal): Promise<boolean> {
    return isAnswer(await this.#askFor(peer, signal))
  }

  #askFor(peer: PeerName, signal: AbortSignal): Promise<OfferOutcome | undefined> {
    const { keeper, sources } = this.#components
    return this.#ask(() => sources.fromPeer(peer, keeper.trusted?.manifest, signal), peer)
  }

  async #askUpstream(standing: UpstreamStanding, signal: AbortSignal): Promise<boolean> {
    const read = (): Promise<Uint8Array> => this.#components.sources.fromUpstream(standing, signal)
    const outcome = await this.#ask(read)
    // Mirrors lag: one that knows less than this node says nothing about what is newest.
    return standing.upstream.kind === 'mirror' && outcome === 'older' ? false : isAnswer(outcome)
  }

  async #ask(read: () => Promise<Uint8Array>, peer?: PeerName): Promise<OfferOutcome | undefined> {
    try {
      const outcome = await this.#components.keeper.offer(await read(), peer)
      if (outcome === 'same' || outcome === 'newer') this.#confirm()
      return outcome
    } catch (error) {
      this.#components.logger.debug({ error: String(error), peer }, 'source gave no manifest')
      return undefined
    }
  }

  /** Also after a look that nobody answered: another one right behind it would find nothing else. */
  #confirm(): void {
    this.#lookedAtMs = this.#components.clock.monotonicMs()
  }

  #someFollowers(): readonly PeerName[] {
    const { sources, random } = this.#components
    const keyed = sources.followers.map((peer) => ({ peer, key: random() }))
    return keyed
      .toSorted((a, b) => a.key - b.key)
      .slice(0, PEERS_PER_LOOK)
      .map(({ peer }) => peer)
  }

  #track(task: Promise<unknown>): void {
    this.#running.add(task)
    void task.finally(() => this.#running.delete(task))
  }
}

/** While an origin works only it can end a look, for a mirror may not have heard of the newest head. */
function decides(
  standing: UpstreamStanding | undefined,
  all: readonly UpstreamStanding[],
): boolean {
  if (standing?.upstream.kind === 'origin') return true
  return !all.some(({ upstream }) => upstream.kind === 'origin' && upstream.health().healthy)
}

function isAnswer(outcome: OfferOutcome | undefined): boolean {
  return outcome === 'newer' || outcome === 'same' || outcome === 'older'
}

async function orReject(answered: Promise<boolean>): Promise<void> {
  if (!(await answered)) throw new Error('no answer')
}

function verdictOf(outcome: OfferOutcome): ManifestVerdict {
  if (outcome === 'newer') return 'accept'
  return outcome === 'invalid' ? 'reject' : 'ignore'
}
