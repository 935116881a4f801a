import { constants } from 'node:os'

/** A clean stop takes less; whoever asked for it must not wait longer. */
const STOP_MS = 5_000
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const KILLED = 128

/**
 * Watch for the wish to stop: SIGINT, SIGTERM, SIGHUP, or the end of the process that started this one with
 * an IPC channel. The first one aborts the signal; a second one, or five seconds, end the process at once.
 *
 * @returns the signal, and `release`, which stops watching
 */
export function watchStopSignals(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController()
  let deadline: NodeJS.Timeout | undefined
  const stop = (reason: string, exitCode: number): void => {
    if (controller.signal.aborted) process.exit(exitCode)
    deadline = setTimeout(() => process.exit(exitCode), STOP_MS)
    deadline.unref()
    controller.abort(new StoppedError(`Stopped by ${reason}`))
  }
  const onSignal = (name: NodeJS.Signals): void => {
    stop(name, KILLED + constants.signals[name])
  }
  const onDisconnect = (): void => {
    stop('the end of the process that started it', KILLED + constants.signals.SIGHUP)
  }
  for (const name of SIGNALS) process.on(name, onSignal)
  process.on('disconnect', onDisconnect)
  // Listening for the parent's end must not keep a command alive that is done.
  process.channel?.unref()
  return {
    signal: controller.signal,
    release: () => {
      clearTimeout(deadline)
      for (const name of SIGNALS) process.off(name, onSignal)
      process.off('disconnect', onDisconnect)
    },
  }
}

/** The user asked the command to stop. It is no failure of a command that serves until then. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError'
  readonly code = 'ERR_STOPPED'
}
