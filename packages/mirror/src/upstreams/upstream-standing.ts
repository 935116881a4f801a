import type { Clock, Logger, Upstream } from '@jarswarm/ports'

/** How long a mirror that sent wrong bytes is asked after all others. */
export const DEMOTION_MS = 3_600_000
/** First-byte time that an upstream is taken to have before its first answer: the origin's, and a mirror's. */
const UNKNOWN_MS = { origin: 400, mirror: 800 } as const
/** Least share of hits that counts: one who has nothing is asked late, and not never. */
const MIN_HIT_RATE = 0.05
/** Weight of the newest answer in the share of hits. */
const HIT_WEIGHT = 0.1
/** An upstream that keeps somebody waiting for twice its median, and this much more, is slow just now. */
const SLOW_SLACK_MS = 250

export interface UpstreamStandingComponents {
  readonly clock: Clock
  readonly logger: Logger
}

/** One upstream of a repository, and what came of asking it. */
export class UpstreamStanding {
  readonly upstream: Upstream
  readonly #clock: Clock
  readonly #logger: Logger
  #wrongBytes = 0
  #demotedUntilMs = Number.NEGATIVE_INFINITY
  #hitRate = 1
  #publishes: boolean | undefined

  constructor({ clock, logger }: UpstreamStandingComponents, upstream: Upstream) {
    this.upstream = upstream
    this.#clock = clock
    this.#logger = logger
  }

  /** How often it sent bytes that the signed index does not name. */
  get wrongBytes(): number {
    return this.#wrongBytes
  }

  /** Whether it sent wrong bytes lately, and stands for others to take from. Never the origin. */
  get demoted(): boolean {
    return this.#clock.now() < this.#demotedUntilMs
  }

  /** Whether it has the published form below `.jarswarm/`; undefined until it was asked. */
  get publishes(): boolean | undefined {
    return this.#publishes
  }

  /** Expected time to the first byte of a file, misses counted in, in milliseconds. */
  get costMs(): number {
    const { kind } = this.upstream
    const firstByteMs = this.upstream.health().medianMs ?? UNKNOWN_MS[kind]
    return firstByteMs / Math.max(this.#hitRate, MIN_HIT_RATE)
  }

  /** Whether to ask it at once: it works, does not lie, and does not just now take twice its usual time. */
  get promising(): boolean {
    const { healthy, medianMs, waitingMs } = this.upstream.health()
    const inTime = medianMs === undefined || waitingMs <= medianMs * 2 + SLOW_SLACK_MS
    return healthy && inTime && !this.demoted
  }

  /** It gave what it was asked for. */
  gave(): void {
    this.#hitRate += HIT_WEIGHT * (1 - this.#hitRate)
  }

  /** It lacks a file: no fault, but it is asked later. */
  missed(): void {
    this.#hitRate -= HIT_WEIGHT * this.#hitRate
  }

  /** It has a root manifest, or has none. */
  tellsHeads(publishes: boolean): void {
    this.#publishes = publishes
  }

  /** @param what path or digest, for the log */
  blame(what: string): void {
    this.#wrongBytes += 1
    if (this.upstream.kind === 'mirror') this.#demotedUntilMs = this.#clock.now() + DEMOTION_MS
    // An operator must know: a release that differs from the index was changed behind somebody's back.
    this.#logger.warn(
      { upstream: this.upstream.url, path: what, times: this.#wrongBytes },
      'upstream sent bytes that the signed index does not name',
    )
  }
}
