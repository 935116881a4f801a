import { InvalidPathError } from './errors.ts'
import { MAX_PATH_BYTES, MAX_PATH_SEGMENTS, MAX_SEGMENT_BYTES } from './limits.ts'

declare const repositoryPathBrand: unique symbol

/** The path of a file below the root of a Maven repository, in the one form that `parsePath` lets through. */
export type RepositoryPath = string & { readonly [repositoryPathBrand]: true }

/** First segment of everything that we publish ourselves, which therefore is no artifact. */
export const RESERVED_SEGMENT = '.jarswarm'

// Visible ASCII without `%` (0x25) and `\` (0x5c).
const CHARACTERS = /^[\x21-\x24\x26-\x5b\x5d-\x7e]+$/

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
  if (text === RESERVED_SEGMENT || text.startsWith(`${RESERVED_SEGMENT}/`)) {
    return `${RESERVED_SEGMENT} is reserved`
  }
  // Nothing is cut out of it: an index has millions of paths.
  let segments = 0
  for (let start = 0, end = 0; start <= text.length; start = end + 1) {
    const slash = text.indexOf('/', start)
    end = slash === -1 ? text.length : slash
    const flaw = segmentFlawOf(text, start, end)
    if (flaw !== undefined) return flaw
    segments += 1
  }
  if (segments > MAX_PATH_SEGMENTS) {
    return `${String(segments)} segments, wanted at most ${String(MAX_PATH_SEGMENTS)}`
  }
  return CHARACTERS.test(text)
    ? undefined
    : 'a character that is not visible ASCII or is one of % \\'
}

function segmentFlawOf(text: string, start: number, end: number): string | undefined {
  const length = end - start
  if (length === 0) return 'an empty segment'
  if (length > MAX_SEGMENT_BYTES) {
    return `a segment of ${String(length)} bytes, wanted at most ${String(MAX_SEGMENT_BYTES)}`
  }
  const isDots = length <= 2 && text.charAt(start) === '.' && text.charAt(end - 1) === '.'
  return isDots ? `the segment ${text.slice(start, end)}` : undefined
}
