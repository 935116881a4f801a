import { withoutSecrets } from '@jarswarm/http'
import type { Clock, Logger } from '@jarswarm/ports'
import { destination, pino } from 'pino'
import type { DestinationStream } from 'pino'
import { toLoggedFields } from './log-fields.ts'
import { SystemClock } from './system-clock.ts'
import { ThrottledLogger } from './throttled-logger.ts'

/** How much is logged; each level includes those before it. `silent` logs nothing. */
export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const

export type LogLevel = (typeof LOG_LEVELS)[number]

export interface LoggerInit {
  /** @defaultValue `warn` */
  readonly level?: LogLevel
  /** Where lines of JSON go. @defaultValue standard error, written at once so that a crash loses nothing */
  readonly stream?: DestinationStream
  readonly clock?: Clock
}

const STDERR_FD = 2

/**
 * A logger that writes one JSON object a line, with the time in ISO 8601, and of one kind of line a bounded number in a
 * minute.
 */
export function createLogger(init: LoggerInit = {}): Logger {
  const stream = withoutSecretsIn(init.stream ?? destination({ fd: STDERR_FD, sync: true }))
  const logger = pino(
    {
      level: init.level ?? 'warn',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { log: toLoggedFields },
    },
    stream,
  )
  return new ThrottledLogger({ logger, clock: init.clock ?? new SystemClock() })
}

/** Lines are cleaned where all of them pass, whoever put a URL into a message, a field or a stack. */
function withoutSecretsIn(stream: DestinationStream): DestinationStream {
  return {
    write(line) {
      stream.write(withoutSecrets(line))
    },
  }
}
