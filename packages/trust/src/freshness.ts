import { MAX_STALE_MS, MAX_CLOCK_LAG_MS } from './limits.ts'

/**
 * What the age of a head means. `fresh`: its timestamp has not expired. `stale`: expired. `suspect`: expired
 * and older than `maxStale`. Says nothing about bytes: those stay verified.
 */
export type Freshness = 'fresh' | 'stale' | 'suspect'

/** The state of a head at one moment. */
export interface FreshnessReport {
  readonly state: Freshness | 'unknown'
  /** Whole seconds since it expired; 0 while it is fresh, or unknown. */
  readonly staleSeconds: number
  /** The clock shows a day or more before the head was signed, so `fresh` is worth little: tell the operator. */
  readonly clockSuspect: boolean
}

/** What there is to say without a head. */
export const UNKNOWN_FRESHNESS: FreshnessReport = {
  state: 'unknown',
  staleSeconds: 0,
  clockSuspect: false,
}

/**
 * Judge the age of what was signed at `issuedMs` and expires at `expiresMs`.
 *
 * Expiry stops the silent acceptance of "latest" (TUF 5.4.4, freeze); it never un-verifies bytes.
 */
export function freshnessAt(
  nowMs: number,
  signed: { readonly issuedMs: number; readonly expiresMs: number },
  maxStaleMs: number = MAX_STALE_MS,
): FreshnessReport {
  const clockSuspect = signed.issuedMs - nowMs > MAX_CLOCK_LAG_MS
  if (nowMs < signed.expiresMs) return { state: 'fresh', staleSeconds: 0, clockSuspect }
  return {
    state: nowMs - signed.issuedMs > maxStaleMs ? 'suspect' : 'stale',
    staleSeconds: Math.floor((nowMs - signed.expiresMs) / 1000),
    clockSuspect,
  }
}
