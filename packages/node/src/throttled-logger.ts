import type { Clock, LogFields, Logger } from '@jarswarm/ports'
import { MAX_LINE_KINDS, MAX_LINES_PER_KIND } from './limits/limits.ts'

const MINUTE_MS = 60_000
/** What lines have in common whose kinds are too many to count apart. */
const OTHER_KINDS = 'lines of further kinds'

type Level = 'info' | 'warn' | 'error'

interface Kind {
  readonly level: Level
  readonly message: string
  lines: number
}

/**
 * Passes on a bounded number of lines of each kind in a minute, and says afterwards how many were left out: much of
 * what is logged is brought about by others, who must not fill a disk with it. A kind is a level with a message;
 * messages are texts of the program, and what varies stands in the fields. `debug` is passed on as it comes, for only
 * who looks at it right now asks for it.
 */
export class ThrottledLogger implements Logger {
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #kinds = new Map<string, Kind>()

  constructor(components: { readonly logger: Logger; readonly clock: Clock }) {
    this.#logger = components.logger
    this.#clock = components.clock
  }

  debug(fields: LogFields, message: string): void {
    this.#logger.debug(fields, message)
  }

  info(fields: LogFields, message: string): void {
    if (this.#count('info', message)) this.#logger.info(fields, message)
  }

  warn(fields: LogFields, message: string): void {
    if (this.#count('warn', message)) this.#logger.warn(fields, message)
  }

  error(fields: LogFields, message: string): void {
    if (this.#count('error', message)) this.#logger.error(fields, message)
  }

  /** Whether one more line of the kind may be logged in this minute, which begins with the first line of all. */
  #count(level: Level, message: string): boolean {
    if (this.#kinds.size === 0) {
      this.#clock.setTimer(() => {
        this.#endMinute()
      }, MINUTE_MS)
    }
    const kind = this.#kind(level, message)
    kind.lines += 1
    return kind.lines <= MAX_LINES_PER_KIND
  }

  #kind(level: Level, message: string): Kind {
    const found = this.#kinds.get(`${level} ${message}`)
    if (found !== undefined) return found
    const isOther = this.#kinds.size >= MAX_LINE_KINDS && message !== OTHER_KINDS
    if (isOther) return this.#kind(level, OTHER_KINDS)
    const kind = { level, message, lines: 0 }
    this.#kinds.set(`${level} ${message}`, kind)
    return kind
  }

  #endMinute(): void {
    for (const { level, message, lines } of this.#kinds.values()) {
      const leftOut = lines - MAX_LINES_PER_KIND
      if (leftOut > 0) {
        this.#logger[level](
          { leftOut, kind: message },
          `${String(leftOut)} more of these lines were left out: ${message}`,
        )
      }
    }
    this.#kinds.clear()
  }
}
