/** Facts of one log line; values are plain data and never hold a secret. */
export type LogFields = Readonly<Record<string, unknown>>

/** Structured log. `warn` is for what an operator should read, `debug` for the rest. */
export interface Logger {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
}
