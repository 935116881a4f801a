import { InvalidPathError } from './errors.ts'
import { MAX_PATH_BYTES, MAX_PATH_SEGMENTS, MAX_SEGMENT_BYTES } from './limits.ts'

declare const repositoryPathBrand: unique symbol

/** The path of a file below the root of a Maven repository, in the one form that `parsePath` lets through. */
export type RepositoryPath = string & { readonly [repositoryPathBrand]: true }

/** First segment of everything that we publish ourselves, which therefore is no artifact. */
export const RESERVED_SEGMENT = '.jarswarm'

// Visible ASCII without `%` (0x25), `/` (0x2f) and `\` (0x5c).
const SEGMENT = /^[\x21-\x24\x26-\x2e\x30-\x5b\x5d-\x7e]+$/

/**
 * Check that a text is the path of a file in a repository: segments of visible ASCII joined by `/`.
 *
 * There is one spelling of each path: no `%`, no `\`, no `.`, `..` or empty segment. Attackers hold the input.
 *
 * @throws {InvalidPathError}
 */
export function parsePath(text: string): RepositoryPath {
  const flaw = flawOf(text)
  if (flaw !== undefined) throw new InvalidPathError(text, flaw)
  return text as RepositoryPath
}

/** Whether `parsePath` would take a text. */
export function isPath(text: string): text is RepositoryPath {
  return flawOf(text) === undefined
}

/** The directory of a path, without a slash at its end; `''` for a file at the top. */
export function directoryOf(path: RepositoryPath): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

/** The last segment of a path. */
export function nameOf(path: RepositoryPath): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function flawOf(text: string): string | undefined {
  if (text.length > MAX_PATH_BYTES) {
    return `${String(text.length)} bytes, wanted at most ${String(MAX_PATH_BYTES)}`
  }
  const segments = text.split('/')
  if (segments.length > MAX_PATH_SEGMENTS) {
    return `${String(segments.length)} segments, wanted at most ${String(MAX_PATH_SEGMENTS)}`
  }
  if (segments[0] === RESERVED_SEGMENT) return `${RESERVED_SEGMENT} is reserved`
  for (const segment of segments) {
    const flaw = segmentFlawOf(segment)
    if (flaw !== undefined) return flaw
  }
  return undefined
}

function segmentFlawOf(segment: string): string | undefined {
  if (segment === '') return 'an empty segment'
  if (segment === '.' || segment === '..') return `the segment ${segment}`
  if (segment.length > MAX_SEGMENT_BYTES) {
    return `a segment of ${String(segment.length)} bytes, wanted at most ${String(MAX_SEGMENT_BYTES)}`
  }
  if (!SEGMENT.test(segment)) return 'a character that is not visible ASCII or is one of % \\'
  return undefined
}
