import type { LogFields, Logger } from '@jarswarm/ports'

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly fields: LogFields
  readonly message: string
}

/** A logger that keeps what it is told, for tests that assert it. */
export class RecordingLogger implements Logger {
  readonly #lines: LogLine[] = []

  /** Everything logged so far, in order. */
  get lines(): readonly LogLine[] {
    return this.#lines
  }

  debug(fields: LogFields, message: string): void {
    this.#lines.push({ level: 'debug', fields, message })
  }

  info(fields: LogFields, message: string): void {
    this.#lines.push({ level: 'info', fields, message })
  }

  warn(fields: LogFields, message: string): void {
    this.#lines.push({ level: 'warn', fields, message })
  }

  error(fields: LogFields, message: string): void {
    this.#lines.push({ level: 'error', fields, message })
  }
}
