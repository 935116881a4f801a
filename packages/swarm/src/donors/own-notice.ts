import type { Ed25519PrivateKey } from '@libp2p/interface'
import { sliceSet } from '@jarswarm/manifest'
import type { Clock, Donation, Logger } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import type { Multiaddr } from '@multiformats/multiaddr'
import { DONORS_PER_INTERVAL, INTERVALS_OF_LIFE } from '../pace.ts'
import { MAX_NOTICE_LIFE_MS } from './limits.ts'
import { signNotice } from './notice.ts'
import type { Notice, NoticeTerms } from './notice.ts'

const NOTHING: Donation = { donatedBytes: 0, slices: sliceSet([]) }

export interface OwnNoticeComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly key: Ed25519PrivateKey
  /** Where others reach this node now, as a notice has it. */
  readonly addresses: () => readonly Multiaddr[]
  /** Donors known of the repository. */
  readonly donors: () => number
}

export interface OwnNoticeInit {
  readonly repository: RepositoryId
  /** How long a notice stands when few donate. */
  readonly intervalMs: number
  /** The least time between two notices. */
  readonly debounceMs: number
}

/** What this node tells of its donation to one repository: issued when that changes, and again before it is forgotten. */
export class OwnNotice {
  readonly #components: OwnNoticeComponents
  readonly #init: OwnNoticeInit
  #donation: Donation | undefined
  #notice: Notice | undefined
  #issuing: Promise<void> | undefined
  #changed = false
  #lastMs = -Infinity
  #started = false
  #timer: { cancel(): void } | undefined

  constructor(components: OwnNoticeComponents, init: OwnNoticeInit) {
    this.#components = components
    this.#init = init
  }

  /** What is to be handed on; undefined before the first donation, and long after the end of the last one. */
  get current(): Notice | undefined {
    const notice = this.#notice
    if (notice === undefined) return undefined
    return notice.issuedMs + notice.lifeMs > this.#components.clock.now() ? notice : undefined
  }

  /** What is told from now on; undefined for no donation, which is told as well when there was one. */
  donate(donation: Donation | undefined): void {
    if (donation === undefined && this.#donation === undefined) return
    // A copy: a set of slices may go on changing where it comes from.
    this.#donation = donation && { ...donation, slices: Uint8Array.from(donation.slices) }
    this.#touch()
  }

  /** The addresses may have changed. */
  readdressed(): void {
    if (this.#notice === undefined || this.#donation === undefined) return
    const before = this.#notice.addresses.join(' ')
    if (before !== this.#components.addresses().join(' ')) this.#touch()
  }

  start(): void {
    this.#started = true
    if (this.#donation !== undefined) this.#touch()
  }

  stop(): void {
    this.#started = false
    this.#timer?.cancel()
  }

  #touch(): void {
    this.#changed = true
    const sinceMs = this.#components.clock.monotonicMs() - this.#lastMs
    this.#arm(Math.max(0, this.#init.debounceMs - sinceMs))
  }

  #arm(delayMs: number): void {
    this.#timer?.cancel()
    if (!this.#started) return
    this.#timer = this.#components.clock.setTimer(() => {
      this.#issuing ??= this.#issue().finally(() => {
        this.#issuing = undefined
      })
    }, delayMs)
  }

  async #issue(): Promise<void> {
    const { clock, key, logger } = this.#components
    this.#changed = false
    this.#lastMs = clock.monotonicMs()
    try {
      this.#notice = await signNotice(this.#terms(), key)
    } catch (error) {
      logger.error({ error }, 'the notice of what this node donates could not be signed')
    }
    this.#goOn()
  }

  /** An ended donation is told once: it is forgotten when its notice is. */
  #goOn(): void {
    if (this.#changed) this.#touch()
    else if (this.#donation !== undefined) this.#arm(this.#intervalMs())
  }

  #terms(): NoticeTerms {
    const { clock, addresses } = this.#components
    const before = this.#notice
    // Later than the last one, whatever happened to the clock; and it ends no earlier, or that one would count again.
    const issuedMs = Math.max(clock.now(), (before?.issuedMs ?? 0) + 1)
    const leftMs = before === undefined ? 0 : before.issuedMs + before.lifeMs - issuedMs
    const lifeMs = Math.max(leftMs, this.#intervalMs() * INTERVALS_OF_LIFE)
    return {
      repository: this.#init.repository,
      ...(this.#donation ?? NOTHING),
      issuedMs,
      lifeMs: Math.min(MAX_NOTICE_LIFE_MS, lifeMs),
      addresses: addresses(),
    }
  }

  /** Longer when there are many donors, so that all of their notices together cost each node the same. */
  #intervalMs(): number {
    const { intervalMs } = this.#init
    return Math.ceil(intervalMs * Math.max(1, this.#components.donors() / DONORS_PER_INTERVAL))
  }
}
