import type { LogFields } from '@jarswarm/ports'
import { stdSerializers } from 'pino'
import { MAX_LOGGED_CHARACTERS } from './limits/limits.ts'

/**
 * The fields of a line as they are written: errors with their message and stack under whatever name they stand, and
 * long texts cut off, for many of them were written by others.
 */
export function toLoggedFields(fields: LogFields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, toLogged(value)]))
}

function toLogged(value: unknown): unknown {
  if (typeof value === 'string') return cut(value)
  if (value instanceof Error) return toLoggedFields({ ...stdSerializers.err(value) })
  return value
}

function cut(text: string): string {
  if (text.length <= MAX_LOGGED_CHARACTERS) return text
  return `${text.slice(0, MAX_LOGGED_CHARACTERS)}… (${String(text.length)} characters)`
}
