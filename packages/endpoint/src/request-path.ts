import { RefusedRequestError } from './errors.ts'
import { MAX_TARGET_CHARACTERS } from './limits.ts'

const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)(.*)$/i
/** Bytes that the grammar of repository paths has: visible ASCII without backslash and percent sign. */
const SEGMENT = /^[\x21-\x24\x26-\x5b\x5d-\x7e]+$/

/** The two parts of a request line's target. */
export interface RequestTarget {
  /** Host and port of the absolute form, which then replace the Host header; else undefined. */
  readonly authority: string | undefined
  /** Begins with a slash, as sent. */
  readonly path: string
}

/** A request path after decoding. No segment is empty, `.` or `..`, or holds a slash or percent sign. */
export interface RequestPath {
  readonly segments: readonly string[]
  /** The path ended in a slash, so it asks for a folder. */
  readonly folder: boolean
}

/**
 * Split a request target in origin form or absolute form (RFC 9112, 3.2).
 *
 * @throws {RefusedRequestError} 400 for any other form
 */
export function splitTarget(target: string): RequestTarget {
  if (target.startsWith('/')) return { authority: undefined, path: target }
  const match = ABSOLUTE_FORM.exec(target)
  if (match === null) throw unclean('the request target is not a path')
  const rest = match[2] ?? ''
  return { authority: match[1] ?? '', path: rest.startsWith('/') ? rest : `/${rest}` }
}

/**
 * Decode a request path, fold repeated slashes, drop the query.
 *
 * Attacker-held: whatever comes out can be joined with slashes without leaving its root.
 *
 * @throws {RefusedRequestError} 400 that says what is unclean
 */
export function cleanRequestPath(path: string): RequestPath {
  if (path.length > MAX_TARGET_CHARACTERS)
    throw unclean(`found ${path.length} characters, wanted at most ${MAX_TARGET_CHARACTERS}`)
  if (path.includes('#')) throw unclean('found a fragment, wanted none')
  const [raw = ''] = path.split('?', 1)
  const segments = raw
    .split('/')
    .filter((segment) => segment !== '')
    .map(cleanSegment)
  return { segments, folder: raw.endsWith('/') }
}

function cleanSegment(raw: string): string {
  const segment = decode(raw)
  if (segment === '.' || segment === '..') throw unclean('found a dot segment, wanted none')
  if (segment.includes('/')) throw unclean('found an encoded slash, wanted none')
  if (segment.includes('\\')) throw unclean('found a backslash, wanted none')
  if (!SEGMENT.test(segment))
    throw unclean('found a character outside visible ASCII or a percent sign, wanted none')
  return segment
}

function decode(raw: string): string {
  if (!raw.includes('%')) return raw
  try {
    return decodeURIComponent(raw)
  } catch (error) {
    if (error instanceof URIError) throw unclean('found a bad percent-encoding')
    throw error
  }
}

function unclean(reason: string): RefusedRequestError {
  return new RefusedRequestError(400, `Cannot read the request path: ${reason}`)
}
