import fresh from 'fresh'
import type { IncomingHttpHeaders } from 'node:http'

/** What the conditions of a request are compared with. */
export interface Validators {
  /** Strong entity tag with its quotes. */
  readonly etag: string
  readonly lastModifiedSeconds: number
}

/** `send` the file, say it is `unmodified` (304), or that a condition `failed` (412). */
export type PreconditionOutcome = 'send' | 'unmodified' | 'failed'

/**
 * Evaluate the conditions of a GET or HEAD in the order of RFC 9110, 13.2.2.
 *
 * The request's `Cache-Control: no-cache` is not looked at: Maven's clients send it with everything.
 */
export function evaluatePreconditions(
  headers: IncomingHttpHeaders,
  validators: Validators,
): PreconditionOutcome {
  const ifMatch = headers['if-match']
  if (ifMatch !== undefined) {
    if (!matchesStrongly(ifMatch, validators.etag)) return 'failed'
  } else if (isModifiedSince(headers['if-unmodified-since'], validators)) {
    return 'failed'
  }
  if (headers['if-none-match'] === undefined && headers['if-modified-since'] === undefined)
    return 'send'
  const asked = {
    'if-none-match': headers['if-none-match'],
    'if-modified-since': headers['if-modified-since'],
  }
  const held = {
    etag: validators.etag,
    'last-modified': toHttpDate(validators.lastModifiedSeconds),
  }
  return fresh(asked, held) ? 'unmodified' : 'send'
}

/** Whether `If-Range` lets a range be sent; without the header it does. A weak tag never does. */
export function allowsRange(headers: IncomingHttpHeaders, validators: Validators): boolean {
  const ifRange = headers['if-range']
  if (typeof ifRange !== 'string') return true
  return (
    ifRange === validators.etag || Date.parse(ifRange) === validators.lastModifiedSeconds * 1000
  )
}

/** A time in the form of HTTP headers. */
export function toHttpDate(seconds: number): string {
  return new Date(seconds * 1000).toUTCString()
}

function matchesStrongly(list: string, etag: string): boolean {
  return list.split(',').some((item) => item.trim() === '*' || item.trim() === etag)
}

/** False when the header is absent or no date: it is then ignored. */
function isModifiedSince(date: string | undefined, validators: Validators): boolean {
  const sinceMs = date === undefined ? NaN : Date.parse(date)
  return validators.lastModifiedSeconds * 1000 > sinceMs
}
