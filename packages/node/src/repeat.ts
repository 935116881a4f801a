import type { Clock, Logger } from '@jarswarm/ports'

export interface RepeatComponents {
  readonly clock: Clock
  readonly logger: Logger
}

export interface RepeatInit {
  /** What is done, for the log: "look for a new state". */
  readonly what: string
  readonly intervalMs: number
  /** Wait after a failure. @defaultValue `intervalMs` */
  readonly retryMs?: number
  /** Wait before the first turn. @defaultValue none */
  readonly firstMs?: number
  readonly task: (signal: AbortSignal) => Promise<void>
  /** Whether a failure only says that nobody is there yet, which is no warning. */
  readonly isEarly?: (error: unknown) => boolean
}

/** Stops a repetition, and resolves once the task that is under way has ended. */
export interface Repetition {
  stop(): Promise<void>
}

/** Do something now and then, never twice at a time. A failure is logged and the next turn comes all the same. */
export function repeat({ clock, logger }: RepeatComponents, init: RepeatInit): Repetition {
  const { what, intervalMs, retryMs = intervalMs, firstMs, task } = init
  const stopped = new AbortController()
  let timer: { cancel(): void } | undefined
  let underWay: Promise<void> = Promise.resolve()
  const run = async (): Promise<void> => {
    let delayMs = intervalMs
    try {
      await task(stopped.signal)
    } catch (error) {
      if (stopped.signal.aborted) return
      if (init.isEarly?.(error) === true)
        logger.info({ error: String(error) }, `cannot ${what} yet`)
      else logger.warn({ err: error }, `cannot ${what}`)
      delayMs = retryMs
    }
    if (!stopped.signal.aborted) timer = clock.setTimer(turn, delayMs)
  }
  const turn = (): void => {
    underWay = run()
  }
  if (firstMs === undefined) turn()
  else timer = clock.setTimer(turn, firstMs)
  return {
    stop: async () => {
      stopped.abort(new Error('Stopped'))
      timer?.cancel()
      await underWay
    },
  }
}
