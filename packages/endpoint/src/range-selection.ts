import type { ByteRange } from '@jarswarm/ports'
import parseRange from 'range-parser'

/** Which bytes of a file a request gets. */
export type RangeSelection =
  | { readonly kind: 'whole' }
  | ({ readonly kind: 'part' } & ByteRange)
  | { readonly kind: 'unsatisfiable' }

/**
 * Read a Range header against a file's size (RFC 9110, 14.2).
 *
 * Several ranges, other units and malformed headers get the whole file, which the RFC allows.
 */
export function selectRange(header: string | undefined, sizeBytes: number): RangeSelection {
  if (header === undefined) return { kind: 'whole' }
  const suffix = /^bytes=-0*([1-9]\d*)$/.exec(header)
  // The parser calls a suffix longer than the file unsatisfiable; by the RFC it means the whole file.
  const adjusted =
    suffix !== null && sizeBytes > 0 && Number(suffix[1]) > sizeBytes ? 'bytes=0-' : header
  const ranges = parseRange(sizeBytes, adjusted)
  if (ranges === -1) return { kind: adjusted.startsWith('bytes=') ? 'unsatisfiable' : 'whole' }
  if (ranges === -2 || ranges.type !== 'bytes' || adjusted.includes(',')) return { kind: 'whole' }
  const [range] = ranges
  if (range === undefined) return { kind: 'whole' }
  return { kind: 'part', offset: range.start, length: range.end - range.start + 1 }
}
