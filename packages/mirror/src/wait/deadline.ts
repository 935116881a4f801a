import type { Clock } from '@jarswarm/ports'

/** A signal that ends with its parents or after a time, whichever comes first. End it, else its timer stays. */
export interface Deadline {
  readonly signal: AbortSignal
  end(): void
}

export interface DeadlineInit {
  readonly timeoutMs: number
  /** What the signal rejects with when time is up. */
  readonly reason: string
  readonly parents?: readonly (AbortSignal | undefined)[]
}

/** Begin a deadline. Unlike `AbortSignal.any` it lets go of its parents. */
export function startDeadline(clock: Clock, init: DeadlineInit): Deadline {
  const controller = new AbortController()
  const parents = (init.parents ?? []).filter((parent) => parent !== undefined)
  const follow = (): void => {
    controller.abort(parents.find(({ aborted }) => aborted)?.reason)
  }
  for (const parent of parents) parent.addEventListener('abort', follow)
  if (parents.some(({ aborted }) => aborted)) follow()
  const timer = clock.setTimer(() => {
    controller.abort(new Error(init.reason))
  }, init.timeoutMs)
  return {
    signal: controller.signal,
    end: () => {
      timer.cancel()
      for (const parent of parents) parent.removeEventListener('abort', follow)
    },
  }
}

/** Run something under a deadline. */
export async function withDeadline<T>(
  clock: Clock,
  init: DeadlineInit,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = startDeadline(clock, init)
  try {
    return await orAborted(run(deadline.signal), deadline.signal)
  } finally {
    deadline.end()
  }
}

/** Wait for a promise; the signal ends the wait, not what is waited for. */
export async function orAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return await promise
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => {
    aborted.reject(signal.reason as Error)
  }
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
