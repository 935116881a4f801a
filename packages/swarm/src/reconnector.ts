import type { Libp2p } from '@libp2p/interface'
import type { Clock, Logger } from '@jarswarm/ports'
import { multiaddr } from '@multiformats/multiaddr'
import { DIAL_TIMEOUT_MS, RECONNECT_FIRST_MS, RECONNECT_LONGEST_MS } from './pace.ts'

export interface ReconnectorComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly libp2p: Libp2p
  /** A number in [0, 1), so that nodes that lost the same peer do not return at once. */
  readonly random: () => number
}

/** Keeps one bootstrap address connected: dials, and after a loss dials again at growing intervals. */
export class Reconnector {
  readonly #components: ReconnectorComponents
  readonly #address: string
  #delayMs = RECONNECT_FIRST_MS
  #timer: { cancel(): void } | undefined
  #stopped = false

  constructor(components: ReconnectorComponents, address: string) {
    this.#components = components
    this.#address = address
  }

  /** Dial now, and look again later for ever. */
  start(): void {
    void this.#check()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  async #check(): Promise<void> {
    const { libp2p, logger, clock, random } = this.#components
    try {
      // Dialling a connected peer gives its connection at once.
      await libp2p.dial(multiaddr(this.#address), { signal: AbortSignal.timeout(DIAL_TIMEOUT_MS) })
      this.#delayMs = RECONNECT_FIRST_MS * 10
    } catch (error) {
      logger.debug({ address: this.#address, error }, 'a bootstrap peer cannot be reached')
      this.#delayMs = Math.min(this.#delayMs * 2, RECONNECT_LONGEST_MS)
    }
    if (this.#stopped) return
    const jitterMs = this.#delayMs * random()
    this.#timer = clock.setTimer(() => void this.#check(), this.#delayMs + jitterMs)
  }
}
