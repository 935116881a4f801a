import type { Digest } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import type { AbortOptions } from './blob-store.ts'

/** Checksum files that repositories offer, the strongest first. */
export const CHECKSUM_KINDS = ['sha512', 'sha256', 'sha1', 'md5'] as const

export type ChecksumKind = (typeof CHECKSUM_KINDS)[number]

/** A file of a proxied repository as it was when the origin gave it, checked against the origin's own checksum. */
export interface ProxyRecord {
  readonly path: RepositoryPath
  readonly digest: Digest
  readonly sha1: string
  readonly sizeBytes: number
  /** Of a blob larger than a piece: SHA-256 of its piece list. */
  readonly pieceList?: Digest
  /** The origin's Last-Modified, or 0 when it states none. */
  readonly mtimeSeconds: number
  /** The strongest checksum file that the origin offered, and that the bytes agreed with. */
  readonly checksum: ChecksumKind
  /** What that file states, in lower-case hex digits; absent in what earlier versions wrote. */
  readonly checksumHex?: string
  readonly fetchedAtMs: number
  /** The origin's ETag, to ask whether the file changed. */
  readonly etag?: string
}

/**
 * What is known of the files of one proxied repository. A cache: all of it can be fetched again.
 *
 * A record outlives its blob, which the quota may evict.
 */
export interface ProxyCache {
  get(path: RepositoryPath): Promise<ProxyRecord | undefined>
  /** Replaces the record of the same path. */
  put(record: ProxyRecord): Promise<void>
  /** Removing what is not here is a success. */
  delete(paths: readonly RepositoryPath[]): Promise<void>
  /** Records whose path begins with `prefix`, in ascending byte order of the path. */
  list(prefix: string, options?: AbortOptions): AsyncIterable<ProxyRecord>
}

/** What the origin of a proxied repository said to a request. */
export type OriginAnswer =
  | OriginFile
  /** Only to a request that named an ETag or a date: the file is still the one that they name. */
  | { readonly kind: 'unmodified' }
  /** The origin says that there is no such file: 404 or 410. */
  | { readonly kind: 'absent' }
  /** The origin asks to be left alone for a while: 429, or 503 with a time. */
  | { readonly kind: 'busy'; readonly retryAfterMs: number }

/** A file as the origin sends it; nothing of it is checked. */
export interface OriginFile {
  readonly kind: 'file'
  /** As announced; undefined when the origin does not say. */
  readonly sizeBytes: number | undefined
  readonly lastModifiedMs: number | undefined
  readonly etag: string | undefined
  /**
   * The bytes as they come, to be iterated once or left by `discard`; when a length was announced their sum is exactly that.
   *
   * @throws {TruncatedError} when less arrives than was announced
   * @throws {SourceUnavailableError} on silence and all other failures
   */
  readonly body: AsyncIterable<Uint8Array>
  /** Read nothing (more). Idempotent. */
  discard(): void
}

export interface OriginRequest extends AbortOptions {
  /** Ask for the file only if it is not the one with this tag or, without a tag, is newer than the date. */
  readonly unless?: { readonly etag: string | undefined; readonly mtimeSeconds: number }
}

/** The HTTP origin of a proxied repository. Checks nothing: callers do. */
export interface ProxyOrigin {
  readonly url: string
  /**
   * Ask for one file.
   *
   * @param path of an artifact or of a sidecar
   * @throws {SourceUnavailableError} when the origin cannot be reached, is silent, or answers with an error
   */
  get(path: string, request: OriginRequest): Promise<OriginAnswer>
  /** Payload bytes received since start. */
  receivedBytes(): number
  close(): Promise<void>
}
