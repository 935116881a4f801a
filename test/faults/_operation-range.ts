/** Bytes of a file that a client asks for. Positions count from 0. */
export type AskedRange =
  | { readonly kind: 'between'; readonly first: number; readonly last: number }
  | { readonly kind: 'from'; readonly first: number }
  | { readonly kind: 'last'; readonly count: number }
  /** Several ranges, another unit, nonsense: the whole file is right. */
  | { readonly kind: 'ignored'; readonly header: string }

/** What has to come: bytes from one position up to another, and whether as a part; undefined: 416. */
export interface WantedBytes {
  readonly status: 200 | 206
  readonly start: number
  readonly end: number
}

/** As the header says it. */
export function headerOf(range: AskedRange): string {
  switch (range.kind) {
    case 'between':
      return `bytes=${String(range.first)}-${String(range.last)}`
    case 'from':
      return `bytes=${String(range.first)}-`
    case 'last':
      return `bytes=-${String(range.count)}`
    case 'ignored':
      return range.header
  }
}

/**
 * What a range means of a file of so many bytes, by RFC 9110, 14.
 *
 * @param range undefined for the whole file
 */
export function wantedBytes(
  range: AskedRange | undefined,
  sizeBytes: number,
): WantedBytes | undefined {
  const part = (start: number, end: number): WantedBytes | undefined =>
    start >= end ? undefined : { status: 206, start, end }
  switch (range?.kind) {
    case 'between':
      return part(range.first, Math.min(range.last + 1, sizeBytes))
    case 'from':
      return part(range.first, sizeBytes)
    case 'last':
      return part(Math.max(sizeBytes - range.count, 0), sizeBytes)
    case 'ignored':
    case undefined:
      return { status: 200, start: 0, end: sizeBytes }
  }
}
