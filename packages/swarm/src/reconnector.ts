import type { Connection, Libp2p } from '@libp2p/interface'
import type { Clock, Logger } from '@jarswarm/ports'
import { multiaddr } from '@multiformats/multiaddr'
import {
  DIAL_TIMEOUT_MS,
  RECONNECT_FIRST_MS,
  RECONNECT_LONGEST_MS,
  STEADY_CONNECTION_MS,
} from './pace.ts'

export interface ReconnectorComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly libp2p: Libp2p
  /** A number in [0, 1), so that nodes that lost the same peer do not return at once. */
  readonly random: () => number
}

/** Keeps one bootstrap address connected: dials, and after a loss dials again, soon at first and at growing intervals. */
export class Reconnector {
  readonly #components: ReconnectorComponents
  readonly #address: string
  #delayMs = RECONNECT_FIRST_MS
  #connection: Connection | undefined
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
    const { libp2p, logger } = this.#components
    const signal = AbortSignal.timeout(DIAL_TIMEOUT_MS)
    try {
      // Dialling a connected peer gives its connection at once.
      this.#watch(await libp2p.dial(multiaddr(this.#address), { signal }))
      this.#delayMs = RECONNECT_FIRST_MS * 10
    } catch (error) {
      logger.debug({ address: this.#address, error }, 'a bootstrap peer cannot be reached')
      this.#delayMs = Math.min(this.#delayMs * 2, RECONNECT_LONGEST_MS)
    }
    this.#plan()
  }

  #watch(connection: Connection): void {
    if (connection === this.#connection) return
    const { clock } = this.#components
    const sinceMs = clock.monotonicMs()
    this.#connection = connection
    const onClose = (): void => {
      // Whoever has no place for us closes at once, and is left in peace.
      if (clock.monotonicMs() - sinceMs < STEADY_CONNECTION_MS) return
      this.#delayMs = RECONNECT_FIRST_MS
      this.#plan()
    }
    connection.addEventListener('close', onClose, { once: true })
  }

  #plan(): void {
    if (this.#stopped) return
    const { clock, random } = this.#components
    this.#timer?.cancel()
    const jitterMs = this.#delayMs * random()
    this.#timer = clock.setTimer(() => void this.#check(), this.#delayMs + jitterMs)
  }
}
