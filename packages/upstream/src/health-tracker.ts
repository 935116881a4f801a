import type { Clock, UpstreamHealth } from '@jarswarm/ports'

/** So many failures in a row make an upstream unhealthy: one may be chance, three are not. */
export const FAILURES_UNTIL_UNHEALTHY = 3
/** Wait before the first probe of an unhealthy upstream; doubles with each that fails. */
export const FIRST_PROBE_MS = 5_000
/** Longest wait between two probes. */
export const MAX_PROBE_MS = 120_000
/** First-byte times that the median is taken of. */
export const LATENCY_SAMPLES = 32
/**
 * A request that was given up after so long without a first byte counts as a failure: else an upstream that
 * swallows requests would stay healthy for as long as somebody faster ends each wait.
 */
export const ABANDONED_IS_FAILURE_MS = 2_000

export interface HealthTrackerComponents {
  readonly clock: Clock
  /** Ask the upstream for anything; resolves when it lives. Its outcome is reported like any request's. */
  readonly probe: () => Promise<void>
}

/** One request under way, as the tracker sees it: perhaps a first byte, then one of the ends. */
export interface TrackedRequest {
  firstByte(): void
  succeeded(): void
  failed(): void
  /** Nobody waits for the answer any more. */
  abandoned(): void
}

/** Decides from the outcomes of requests whether an upstream is worth asking, and how fast it is. */
export class HealthTracker {
  readonly #components: HealthTrackerComponents
  readonly #waiting = new Map<symbol, number>()
  readonly #latenciesMs: number[] = []
  #failures = 0
  #probeDelayMs = FIRST_PROBE_MS
  #probeTimer: { cancel(): void } | undefined
  #closed = false

  constructor(components: HealthTrackerComponents) {
    this.#components = components
  }

  begin(): TrackedRequest {
    const key = Symbol('request')
    const sentAt = this.#components.clock.monotonicMs()
    this.#waiting.set(key, sentAt)
    const waitedMs = (): number => this.#components.clock.monotonicMs() - sentAt
    return {
      firstByte: () => {
        if (this.#waiting.delete(key)) this.#addLatency(waitedMs())
      },
      succeeded: () => {
        this.#waiting.delete(key)
        this.#onSuccess()
      },
      failed: () => {
        this.#waiting.delete(key)
        this.#onFailure()
      },
      abandoned: () => {
        if (this.#waiting.delete(key) && waitedMs() >= ABANDONED_IS_FAILURE_MS) this.#onFailure()
      },
    }
  }

  health(): UpstreamHealth {
    const [oldest] = this.#waiting.values()
    return {
      healthy: this.#failures < FAILURES_UNTIL_UNHEALTHY,
      medianMs: median(this.#latenciesMs),
      waitingMs: oldest === undefined ? 0 : this.#components.clock.monotonicMs() - oldest,
    }
  }

  close(): void {
    this.#closed = true
    this.#probeTimer?.cancel()
    this.#probeTimer = undefined
  }

  #addLatency(latencyMs: number): void {
    this.#latenciesMs.push(latencyMs)
    if (this.#latenciesMs.length > LATENCY_SAMPLES) this.#latenciesMs.shift()
  }

  #onSuccess(): void {
    this.#failures = 0
    this.#probeDelayMs = FIRST_PROBE_MS
    this.#probeTimer?.cancel()
    this.#probeTimer = undefined
  }

  #onFailure(): void {
    this.#failures += 1
    if (this.#failures >= FAILURES_UNTIL_UNHEALTHY) this.#scheduleProbe()
  }

  #scheduleProbe(): void {
    if (this.#closed || this.#probeTimer !== undefined) return
    this.#probeTimer = this.#components.clock.setTimer(() => {
      this.#probeTimer = undefined
      void this.#probe()
    }, this.#probeDelayMs)
    this.#probeDelayMs = Math.min(this.#probeDelayMs * 2, MAX_PROBE_MS)
  }

  async #probe(): Promise<void> {
    try {
      await this.#components.probe()
    } catch {
      // The failed request was counted where it failed; only the next probe remains to be planned.
      this.#scheduleProbe()
    }
  }
}

function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}
