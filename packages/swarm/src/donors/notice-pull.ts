import type { Clock, PeerName } from '@jarswarm/ports'
import { MAX_PULLS_PER_INTERVAL, MAX_WAITING_PULLS } from './limits.ts'

export interface NoticePullComponents {
  readonly clock: Clock
  /** A number in [0, 1), so that nodes that joined together do not ask together. */
  readonly random: () => number
  /** Who may be asked. */
  readonly followers: () => readonly PeerName[]
  /** Ask one peer for notices, and see what is left of older ones; undefined when nobody can be asked. Never rejects. */
  readonly pull: (peer: PeerName | undefined) => Promise<void>
}

/**
 * Says when which follower of a repository is asked for notices: one that joined soon, and one by chance at each interval.
 * One at a time, and only so often, however many join.
 */
export class NoticePull {
  readonly #components: NoticePullComponents
  readonly #intervalMs: number
  readonly #waiting = new Set<PeerName>()
  #lastMs = -Infinity
  #pulling = false
  #started = false
  #timer: { cancel(): void } | undefined

  constructor(components: NoticePullComponents, init: { readonly intervalMs: number }) {
    this.#components = components
    this.#intervalMs = init.intervalMs
  }

  start(): void {
    this.#started = true
    this.#arm()
  }

  stop(): void {
    this.#started = false
    this.#timer?.cancel()
  }

  /** A follower joined: it may know of donors that are news here. */
  joined(peer: PeerName): void {
    if (this.#waiting.size >= MAX_WAITING_PULLS) return
    this.#waiting.add(peer)
    this.#arm()
  }

  #arm(): void {
    this.#timer?.cancel()
    if (!this.#started || this.#pulling) return
    const { clock, random } = this.#components
    const sinceMs = clock.monotonicMs() - this.#lastMs
    const delayMs =
      this.#waiting.size > 0
        ? Math.max(0, this.#intervalMs / MAX_PULLS_PER_INTERVAL - sinceMs)
        : this.#intervalMs * (0.5 + random())
    this.#timer = clock.setTimer(() => void this.#pull(), delayMs)
  }

  async #pull(): Promise<void> {
    const peer = this.#next()
    this.#pulling = true
    this.#lastMs = this.#components.clock.monotonicMs()
    await this.#components.pull(peer)
    this.#pulling = false
    this.#arm()
  }

  #next(): PeerName | undefined {
    const { followers, random } = this.#components
    const there = followers()
    for (const peer of this.#waiting) {
      this.#waiting.delete(peer)
      if (there.includes(peer)) return peer
    }
    return there[Math.floor(random() * there.length)]
  }
}
