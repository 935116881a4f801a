import type { IndexEntry } from '@jarswarm/manifest'
import { UnavailableError } from '@jarswarm/ports'
import type { AbortOptions } from '@jarswarm/ports'

export interface FetchOptions extends AbortOptions {
  /** @defaultValue 'client' */
  readonly purpose?: FetchPurpose
  /** What peers say that they hold of an older head is no claim. @defaultValue any head counts */
  readonly leastSeq?: number
}

/**
 * `client`: somebody waits. `fill`: a mirror fetches what its policy names; `claimed`: the same from those alone who say
 * that they have it. `prefetch`: somebody may ask soon. All but the first spare the DHT, and fetch no large blob that the
 * disk has no room for.
 */
export type FetchPurpose = 'client' | 'fill' | 'claimed' | 'prefetch'

/** An artifact cannot be had now, and why. */
export function unavailable(entry: IndexEntry, reason: string, cause?: unknown): UnavailableError {
  const name = entry.path.slice(entry.path.lastIndexOf('/') + 1)
  return new UnavailableError(`Cannot get ${name}: ${oneLine(reason)}`, { cause })
}

/** Reasons end up in an HTTP reason phrase. */
function oneLine(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 300)
}
