import { createLogger } from '@jarswarm/node'
import type { LogLevel } from '@jarswarm/node'
import type { Logger } from '@jarswarm/ports'
import { build } from 'pino-pretty'
import type { Terminal } from './terminal.ts'

/** A log on standard error: readable lines on a terminal, JSON lines anywhere else. */
export function createTerminalLogger({ err }: Terminal, level: LogLevel): Logger {
  if (err.isTTY !== true) return createLogger({ level })
  const stream = build({
    destination: 2,
    sync: true,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname',
  })
  return createLogger({ level, stream })
}
