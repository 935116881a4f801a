import type { Digest } from '@jarswarm/manifest'
import type { SourceKind } from '@jarswarm/ports'

/** What is fetched and verified in one go: a piece of a blob, a whole small blob, or an index object. */
export interface Part {
  /** SHA-256 of exactly these bytes. */
  readonly digest: Digest
  readonly offset: number
  /** Length in bytes; an upper bound for objects, whose length nobody knows beforehand. */
  readonly length: number
}

export interface PartFetchOptions {
  readonly signal: AbortSignal
  /** To be called for bytes that arrive before their part is whole. */
  progress(bytes: number): void
}

/** Somebody who can be asked for parts: a peer, a mirror, or the origin. */
export interface PartSource {
  readonly kind: Exclude<SourceKind, 'store'>
  /** For messages. */
  readonly name: string
  /** Requests that this source gets at a time. */
  readonly lanes: number
  /** Adjacent parts that it gives in one request. */
  readonly maxRun: number
  /** Whether not having one part means not having the others. */
  readonly allOrNothing: boolean
  /** Time without enough bytes after which somebody else is asked too. */
  patienceMs(part: Part): number
  /**
   * Get the bytes of each part, in order. Nothing is verified.
   *
   * @throws {NotHeldError} when the source lacks the next part
   */
  fetch(run: readonly Part[], options: PartFetchOptions): AsyncIterable<Uint8Array>
  /** It sent bytes that match their digest. */
  credit(): void
  /** It sent bytes that fail their digest. */
  blame(): void
}
