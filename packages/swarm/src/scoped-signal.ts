import type { Clock } from '@jarswarm/ports'

/** A signal for one piece of work. */
export interface ScopedSignal {
  readonly signal: AbortSignal
  /** The work is over: let go of what the signal follows. Idempotent. */
  readonly release: () => void
}

/**
 * A signal that aborts when one of others does, or after a time. Unlike `AbortSignal.any` it leaves nothing
 * with a signal that lives as long as the node.
 */
export function scopedSignal(
  clock: Clock,
  timeoutMs: number,
  follows: readonly (AbortSignal | undefined)[],
): ScopedSignal {
  const controller = new AbortController()
  const abort = (event: Event): void => {
    end((event.target as AbortSignal).reason)
  }
  const release = (): void => {
    timer.cancel()
    for (const signal of follows) signal?.removeEventListener('abort', abort)
  }
  const end = (reason: unknown): void => {
    release()
    controller.abort(reason)
  }
  const timer = clock.setTimer(() => {
    end(new DOMException(`Cannot go on: found no end in ${String(timeoutMs)} ms`, 'TimeoutError'))
  }, timeoutMs)
  for (const signal of follows) {
    if (signal?.aborted === true) end(signal.reason)
    else signal?.addEventListener('abort', abort, { once: true })
  }
  return { signal: controller.signal, release }
}
