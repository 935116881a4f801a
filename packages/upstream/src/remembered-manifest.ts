import type { HttpResponse } from '@jarswarm/http'

/**
 * A file that changed so shortly before it was sent may change again without another tag: nginx and others make theirs
 * of the size and of the second of the last change. RFC 9110, 8.8.2.2 wants one second; clocks of file systems tick.
 */
const SETTLED_MS = 2_000

/** The root manifest as a server last sent it: it is the one file that is asked for again and again. */
export interface RememberedManifest {
  readonly bytes: Uint8Array
  readonly etag: string
}

/** @returns undefined when nothing in the answer would tell this manifest from the next */
export function rememberManifest(
  { headers }: HttpResponse,
  bytes: Uint8Array,
): RememberedManifest | undefined {
  const { etag, date, 'last-modified': lastModified } = headers
  if (typeof etag !== 'string' || etag.startsWith('W/')) return undefined
  // Who names no date, as `--public` does, makes its tag of the bytes; RFC 9110 wants a strong one to change with them.
  if (lastModified !== undefined && !(ageMs(lastModified, date) >= SETTLED_MS)) return undefined
  return { bytes, etag }
}

/** How long before the answer the file changed, both by the server's own clock; NaN when it does not say. */
function ageMs(lastModified: string | string[], date: string | string[] | undefined): number {
  return Date.parse(String(date)) - Date.parse(String(lastModified))
}
