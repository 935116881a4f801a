/** How long an origin is left alone that asks for it without saying how long. */
export const DEFAULT_RETRY_AFTER_MS = 60_000
/** Longest time that an origin is left alone: a wrong date must not stop all builds for ever. */
export const MAX_RETRY_AFTER_MS = 3_600_000
/** Less would be no pause at all. */
const MIN_RETRY_AFTER_MS = 1_000

/** Read a `Retry-After` header: seconds, or a date. Anything else is {@link DEFAULT_RETRY_AFTER_MS}. */
export function readRetryAfter(header: string | string[] | undefined, nowMs: number): number {
  const text = typeof header === 'string' ? header.trim() : ''
  const waitMs = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs
  if (Number.isNaN(waitMs)) return DEFAULT_RETRY_AFTER_MS
  return Math.min(Math.max(waitMs, MIN_RETRY_AFTER_MS), MAX_RETRY_AFTER_MS)
}
