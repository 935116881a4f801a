import type { Digest } from '@jarswarm/manifest'

/** Ends a wait: the promise then rejects with the signal's reason. */
export interface AbortOptions {
  readonly signal?: AbortSignal
}

/** A half-open run of bytes: `offset` to `offset + length`, both non-negative integers. */
export interface ByteRange {
  readonly offset: number
  readonly length: number
}

/** What is known of a stored blob without reading it. */
export interface BlobStat {
  readonly digest: Digest
  readonly sizeBytes: number
}

export interface BlobPutOptions extends AbortOptions {
  /** A pinned blob is never evicted. @defaultValue false */
  readonly pinned?: boolean
}

export interface BlobStoreUsage {
  readonly blobs: number
  readonly bytes: number
  readonly quotaBytes: number
}

/** One damaged or missing thing that a check found. */
export interface CheckFinding {
  readonly kind: 'corrupt' | 'missing' | 'unreferenced'
  readonly digest: Digest
  readonly detail: string
}

/**
 * Blobs by digest, durable before they are acknowledged.
 *
 * Whatever is read from here was verified against its digest when it was stored; whoever stores need not
 * verify first, for the store is the one gate: bytes that do not match never get a name.
 */
export interface BlobStore {
  /** Whether an acknowledged blob of this digest is here. Does not count as use. */
  has(digest: Digest): Promise<boolean>
  /** Size of a stored blob, or undefined when it is not here. */
  stat(digest: Digest): Promise<BlobStat | undefined>
  /**
   * Read a stored blob, whole or in part. Counts as use for eviction.
   *
   * @returns undefined when the blob is not here
   * @throws {RangeError} when the range leaves the blob
   */
  read(digest: Digest, range?: ByteRange): Promise<Uint8Array | undefined>
  /**
   * Store a whole blob from memory. Resolves when it is durable; storing what is here already is a success.
   *
   * @throws {DigestMismatchError} when the bytes do not hash to `digest`; nothing is kept
   * @throws {NoSpaceError} when quota, free-space floor or disk leave no room; nothing is kept
   */
  put(digest: Digest, bytes: Uint8Array, options?: BlobPutOptions): Promise<void>
  /**
   * Begin a blob that arrives in verified parts, in any order.
   *
   * @throws {NoSpaceError} as `put`, before any byte is written: the size is reserved here
   */
  createWriter(stat: BlobStat, options?: BlobPutOptions): Promise<BlobWriter>
  /**
   * Pin a stored blob, so that it is never evicted, or let it be evicted again. Durable once resolved.
   *
   * @returns whether the blob is here
   */
  setPinned(digest: Digest, pinned: boolean): Promise<boolean>
  /**
   * Begin a blob whose digest is known only once all of it is here. Space is reserved as for `createWriter`.
   *
   * @throws {NoSpaceError} as `createWriter`
   */
  createStagedWriter(sizeBytes: number, options?: AbortOptions): Promise<StagedWriter>
  /** Keep from eviction while a reader needs it. Release exactly once. */
  hold(digest: Digest): { release(): void }
  /** Remove a blob; removing what is not here is a success. */
  delete(digest: Digest): Promise<void>
  /** Digests of all blobs, in ascending order. */
  list(): AsyncIterable<BlobStat>
  usage(): BlobStoreUsage
  /**
   * Re-read every blob and compare. With `repair`, what is damaged is set aside so that it is fetched anew.
   */
  check(options?: AbortOptions & { readonly repair?: boolean }): AsyncIterable<CheckFinding>
  /** Called after each change; the listener must not throw. Returns the unsubscribe function. */
  onChange(listener: (change: BlobChange) => void): () => void
}

export interface BlobChange {
  readonly kind: 'added' | 'removed'
  readonly digest: Digest
}

/**
 * One blob in the making. Parts may be written in any order and read back before the end.
 *
 * The caller has verified each part (by its piece list) before `write`; `commit` verifies the whole again.
 */
export interface BlobWriter {
  /** The bytes may be kept, and are not to be changed any more. */
  write(offset: number, bytes: Uint8Array): Promise<void>
  /** Read back a range that was written before. */
  read(range: ByteRange): Promise<Uint8Array>
  /**
   * Make the blob durable under its digest. The writer is closed afterwards, whatever the outcome.
   *
   * @throws {DigestMismatchError} when the whole does not match; nothing is kept
   */
  commit(): Promise<void>
  /** Drop everything written. Idempotent; does nothing after `commit`. */
  abort(): Promise<void>
}

/** As a `BlobWriter`, of a blob that gets its name at the end. */
export interface StagedWriter extends Omit<BlobWriter, 'commit'> {
  /**
   * Make the blob durable under its digest. The writer is closed afterwards, whatever the outcome.
   *
   * @throws {DigestMismatchError} when the bytes do not hash to `digest`; nothing is kept
   */
  commit(digest: Digest): Promise<void>
}
