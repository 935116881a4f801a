import { NotHeldError } from '@jarswarm/ports'
import type { Clock, Logger, Upstream } from '@jarswarm/ports'
import { MAX_MANIFEST_BYTES } from '@jarswarm/trust'
import PQueue from 'p-queue'
import { UpstreamStanding } from './upstream-standing.ts'

/** Mirrors asked for their manifest at the same time when the list is new. */
const PROBES_AT_ONCE = 4
/** The best mirrors that are asked for heads, beside the origin; one more is chosen at random. */
const HEAD_MIRRORS = 2

export interface UpstreamSetComponents {
  /** The origin, and what else is always asked; closed by whoever made it. */
  readonly fixed: readonly Upstream[]
  /** Makes the upstream of a mirror on the signed list; none for one that is this node itself. @defaultValue mirrors are not used */
  readonly createMirror?: ((url: string) => Upstream | undefined) | undefined
  readonly clock: Clock
  readonly logger: Logger
  readonly random: () => number
}

/**
 * Origin and mirrors of one repository. The mirrors are those of the signed list, which may change with each head;
 * who is best changes with each answer.
 */
export class UpstreamSet {
  readonly #components: UpstreamSetComponents
  readonly #fixed: readonly UpstreamStanding[]
  readonly #probes = new PQueue({ concurrency: PROBES_AT_ONCE })
  readonly #stop = new AbortController()
  readonly #closing = new Set<Promise<void>>()
  #mirrors: readonly UpstreamStanding[] = []

  constructor(components: UpstreamSetComponents) {
    this.#components = components
    this.#fixed = components.fixed.map((upstream) => new UpstreamStanding(components, upstream))
  }

  /** The origin first, then mirrors in the order of their list. */
  all(): readonly UpstreamStanding[] {
    return [...this.#fixed, ...this.#mirrors]
  }

  /** Best first: those that lie come last, before them those that fail, then those that are slow now, then by cost. */
  ranked(): readonly UpstreamStanding[] {
    const scored = this.all().map((standing) => ({
      standing,
      class: classOf(standing),
      costMs: standing.costMs,
    }))
    return scored
      .toSorted((a, b) => a.class - b.class || a.costMs - b.costMs)
      .map(({ standing }) => standing)
  }

  /** As `ranked`, for what stands below `.jarswarm/`: mirrors that have no such folder come last. */
  rankedPublishers(): readonly UpstreamStanding[] {
    return this.ranked().toSorted(
      (a, b) => Number(a.publishes === false) - Number(b.publishes === false),
    )
  }

  /** Whom to ask for a newer head: the origin, the best mirrors, and one at random, so that each is measured at times. */
  forHeads(): readonly UpstreamStanding[] {
    const mirrors = this.rankedPublishers().filter((one) => this.#mirrors.includes(one))
    const others = mirrors.splice(HEAD_MIRRORS)
    const drawn = others[Math.floor(this.#components.random() * others.length)]
    return [...this.#fixed, ...mirrors, ...(drawn === undefined ? [] : [drawn])]
  }

  /** Use these mirrors from now on. Those that stay keep their standing. */
  update(urls: readonly string[]): void {
    const { createMirror, fixed } = this.#components
    if (createMirror === undefined || this.#stop.signal.aborted) return
    const known = new Set(fixed.map(({ url }) => toKey(url)))
    const wanted = urls.filter((url) => {
      const isNew = !known.has(toKey(url))
      known.add(toKey(url))
      return isNew
    })
    const before = new Map(this.#mirrors.map((one) => [toKey(one.upstream.url), one]))
    this.#mirrors = wanted.flatMap((url) => {
      const standing = before.get(toKey(url)) ?? this.#begin(createMirror(url))
      before.delete(toKey(url))
      return standing ?? []
    })
    for (const { upstream } of before.values()) this.#close(upstream)
  }

  /** Let go of the mirrors. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the node stops'))
    await this.#probes.onIdle()
    for (const { upstream } of this.#mirrors) this.#close(upstream)
    this.#mirrors = []
    await Promise.all(this.#closing)
  }

  #begin(upstream: Upstream | undefined): UpstreamStanding | undefined {
    if (upstream === undefined) return undefined
    const standing = new UpstreamStanding(this.#components, upstream)
    void this.#probes.add(() => this.#probe(standing))
    return standing
  }

  /** Measure a mirror before anybody waits for it, and see whether it has the published form. */
  async #probe(standing: UpstreamStanding): Promise<void> {
    const { signal } = this.#stop
    try {
      const options = { signal, maxBytes: MAX_MANIFEST_BYTES }
      await standing.upstream.readPublished({ kind: 'manifest' }, options)
      standing.tellsHeads(true)
    } catch (error) {
      if (error instanceof NotHeldError) standing.tellsHeads(false)
      const { url } = standing.upstream
      this.#components.logger.debug({ upstream: url, error: String(error) }, 'mirror gave no head')
    }
  }

  #close(upstream: Upstream): void {
    const closing = upstream.close().catch((error: unknown) => {
      this.#components.logger.debug({ error: String(error) }, 'mirror was not closed cleanly')
    })
    this.#closing.add(closing)
    void closing.then(() => this.#closing.delete(closing))
  }
}

function classOf(standing: UpstreamStanding): number {
  if (standing.promising) return 0
  if (standing.demoted) return 3
  return standing.upstream.health().healthy ? 1 : 2
}

/** Two URLs that differ only in a trailing slash are one place. */
function toKey(url: string): string {
  return url.replace(/\/+$/, '')
}
