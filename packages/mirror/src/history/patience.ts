import type { Clock } from '@jarswarm/ports'

/**
 * How long lines and tiles of a newer head are asked for in vain before a node goes on without them. They are written
 * before the head is, so that whoever has the head, and a publisher that can be reached, has them too: what is longer
 * out of reach is so because of an outage, or because somebody hides it.
 */
export const HISTORY_PATIENCE_MS: number = 10 * 60_000

/** Measures since when something was asked for in vain. */
export class Patience {
  readonly #clock: Pick<Clock, 'now'>
  #sinceMs: number | undefined

  constructor(components: { readonly clock: Pick<Clock, 'now'> }) {
    this.#clock = components.clock
  }

  /** It was in vain once more. Returns whether that goes on for too long now. */
  isOver(): boolean {
    const nowMs = this.#clock.now()
    // A clock that was set back begins anew.
    this.#sinceMs = Math.min(this.#sinceMs ?? nowMs, nowMs)
    return nowMs - this.#sinceMs >= HISTORY_PATIENCE_MS
  }

  reset(): void {
    this.#sinceMs = undefined
  }
}
