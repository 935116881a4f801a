import type { Clock, Logger, PeerName, ProviderSubject, Swarm } from '@jarswarm/ports'

interface PeerQueueComponents {
  readonly swarm: Swarm
  readonly clock: Clock
  readonly logger: Logger
}

/** The peers that look-ups in the DHT find, as they come. */
export class PeerQueue {
  readonly #components: PeerQueueComponents
  readonly #timeoutMs: number
  readonly #found: PeerName[] = []
  #searches = 0
  #wake: () => void = () => undefined

  constructor(components: PeerQueueComponents, timeoutMs: number) {
    this.#components = components
    this.#timeoutMs = timeoutMs
  }

  /** Begin to look for all subjects at the same time. */
  search(subjects: readonly ProviderSubject[], signal: AbortSignal): void {
    for (const subject of subjects) void this.#search(subject, signal)
  }

  /** The next peer; undefined when the searches ended, or the signal came first. */
  async next(signal: AbortSignal): Promise<PeerName | undefined> {
    while (this.#found.length === 0 && this.#searches > 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        signal.addEventListener(
          'abort',
          () => {
            resolve()
          },
          { once: true },
        )
      })
    }
    return this.#found.shift()
  }

  async #search(subject: ProviderSubject, parent: AbortSignal): Promise<void> {
    const { swarm, clock, logger } = this.#components
    const controller = new AbortController()
    const abort = (): void => {
      controller.abort(new Error('the search for providers ended'))
    }
    parent.addEventListener('abort', abort)
    const timer = clock.setTimer(abort, this.#timeoutMs)
    this.#searches += 1
    try {
      for await (const peer of swarm.findProviders(subject, { signal: controller.signal })) {
        this.#found.push(peer)
        this.#wake()
      }
    } catch (error) {
      logger.debug({ error: String(error), subject }, 'search for providers ended early')
    } finally {
      timer.cancel()
      parent.removeEventListener('abort', abort)
      this.#searches -= 1
      this.#wake()
    }
  }
}
