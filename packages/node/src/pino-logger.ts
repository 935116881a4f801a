import type { Logger } from '@jarswarm/ports'
import { destination, pino } from 'pino'
import type { DestinationStream } from 'pino'

/** How much is logged; each level includes those before it. `silent` logs nothing. */
export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const

export type LogLevel = (typeof LOG_LEVELS)[number]

export interface LoggerInit {
  /** @defaultValue `warn` */
  readonly level?: LogLevel
  /** Where lines of JSON go. @defaultValue standard error, written at once so that a crash loses nothing */
  readonly stream?: DestinationStream
}

const STDERR_FD = 2

/** A logger that writes one JSON object a line, with the time in ISO 8601. */
export function createLogger(init: LoggerInit = {}): Logger {
  const stream = init.stream ?? destination({ fd: STDERR_FD, sync: true })
  return pino(
    { level: init.level ?? 'warn', base: null, timestamp: pino.stdTimeFunctions.isoTime },
    stream,
  )
}
