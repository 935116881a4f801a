import type { Digest } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import type { AbortOptions, ByteRange } from './blob-store.ts'

export interface UpstreamHealth {
  /** False after failures in a row, until a probe succeeds. */
  readonly healthy: boolean
  /** Median time to the first byte of late, or undefined before the first answer. */
  readonly medianMs: number | undefined
  /** Time since the request that has been waiting longest was sent; 0 when none waits. */
  readonly waitingMs: number
}

/** One thing of the published form below `.jarswarm/`. */
export type PublishedName =
  | { readonly kind: 'manifest' }
  | { readonly kind: 'root'; readonly number: number }
  | { readonly kind: 'object'; readonly digest: Digest }
  | { readonly kind: 'blob'; readonly digest: Digest }
  | { readonly kind: 'pack'; readonly digest: Digest }
  | { readonly kind: 'log'; readonly tile: string }

/** What of it may be large. */
export type StreamedName = PublishedName & { readonly kind: 'blob' | 'pack' }

/**
 * The HTTP origin, or one mirror, of one repository. Verifies nothing: callers do.
 *
 * All reads throw NotHeldError (404, 410), TruncatedError (short body) or SourceUnavailableError (all else).
 */
export interface Upstream {
  readonly kind: 'origin' | 'mirror'
  readonly url: string
  /** A part of the published form, whole; refused beyond `maxBytes`. */
  readPublished(
    name: PublishedName,
    options: AbortOptions & { readonly maxBytes: number },
  ): Promise<Uint8Array>
  /**
   * An artifact, whole or in part, in chunks as they arrive; the sum of the chunks is exactly
   * `range.length`, else the iteration throws.
   *
   * @param name its path; or its digest below `.jarswarm/blobs/`, for a mutable file may have changed at its path; or that of a
   *   pack, which is too large to be held
   */
  readArtifact(
    name: RepositoryPath | StreamedName,
    options: AbortOptions & { readonly sizeBytes: number; readonly range?: ByteRange },
  ): AsyncIterable<Uint8Array>
  health(): UpstreamHealth
  /** Whether it lately answered a part with the whole, so that each further part costs all before it again. */
  readonly ignoresRanges: boolean
  /** Payload bytes received since start. */
  receivedBytes(): number
  close(): Promise<void>
}
