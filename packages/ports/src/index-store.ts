import type { Digest, IndexEntry } from '@jarswarm/manifest'
import type { AbortOptions } from './blob-store.ts'

/** Index node, piece list, or any other object that is named by the SHA-256 of its bytes. At most 1 MiB. */
export interface NamedObject {
  readonly digest: Digest
  readonly bytes: Uint8Array
}

/** An object of an index that comes whole; its bytes were verified. */
export interface IndexPart {
  readonly object: NamedObject
  /** What a leaf says of its files; of all else nothing. */
  readonly entries: readonly IndexEntry[]
}

/** A path that entered, left or changed between two states of the index. */
export interface EntryChange {
  readonly path: string
  readonly before?: IndexEntry
  readonly after?: IndexEntry
}

/**
 * Index nodes and piece lists of one repository by digest, and its entries in the order of their paths.
 *
 * A cache in the sense that all of it can be fetched again; objects are verified against their digest on
 * `putObjects` and may be trusted on `getObject`.
 */
export interface IndexStore {
  /** The object of this digest, or undefined when it is not here. */
  getObject(digest: Digest): Promise<Uint8Array | undefined>
  /** @throws {DigestMismatchError} when one does not match; none of them is kept then */
  putObjects(objects: readonly NamedObject[]): Promise<void>
  deleteObjects(digests: readonly Digest[]): Promise<void>
  /**
   * Apply changes to the ordered paths, and say which index root they now mirror. One durable batch.
   * A long sync may call this many times with `root` undefined and name the root in the last call.
   */
  applyChanges(changes: readonly EntryChange[], root?: Digest): Promise<void>
  /**
   * Take an index that comes whole, in place of the ordered paths that are here: its objects, in any order, each with the entries
   * that it brings, each path once. What comes until the parts end stays, durably; no root is named, which is for `applyChanges`.
   * It need not be seen before the end, and what is only on its way is gone when the parts throw.
   *
   * Much cheaper than `putObjects` and `applyChanges`, for nothing is looked up, and all is written in the order of its keys.
   *
   * @throws what the parts throw, and the signal's reason
   */
  load(parts: AsyncIterable<IndexPart>, options?: AbortOptions): Promise<void>
  /** Forget the ordered paths and the root that they mirror; objects stay. */
  clearEntries(): Promise<void>
  /** The root that the ordered paths mirror completely, or undefined while there is none. */
  completeRoot(): Promise<Digest | undefined>
  /** Entries with this path prefix in ascending byte order of the path, beginning after `after`. */
  listEntries(
    prefix: string,
    options?: AbortOptions & { readonly after?: string },
  ): AsyncIterable<IndexEntry>
  /**
   * Names directly below a directory: files, and folders with a trailing slash. Ascending, each once.
   *
   * @param directory without trailing slash; the empty string is the root
   */
  listDirectory(directory: string, options?: AbortOptions): AsyncIterable<string>
  /** Whether a path of the index belongs to this project directory. */
  hasProject(project: string): Promise<boolean>
  /** The project that a provider key stands for, or undefined when no path of the index has it. */
  projectOfKey(keyHex: string): Promise<string | undefined>
  /** Drop everything, so that the index is synced anew. */
  clear(): Promise<void>
}
