import type { IndexEntry } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import type { AbortOptions } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import type { ArrivedBlob } from '../fetch/blob-fetcher.ts'

export interface BringOptions extends AbortOptions {
  /**
   * Called with the size of what is not here yet, before it is fetched; what it refuses stays where it is.
   *
   * @param sizeBytes undefined while nobody knows it
   * @throws {NoSpaceError} when storing it would push out too much
   */
  readonly allow: (sizeBytes: number | undefined) => boolean
}

/** A file that a repository gave. */
export interface GivenFile {
  readonly entry: IndexEntry
  /** Its bytes, while they are not stored yet. */
  readonly arrived?: ArrivedBlob | undefined
}

/** A repository as the prefetcher sees it. Nobody waits for its answers, and nobody is told of its failures. */
export interface PrefetchSource {
  readonly id: RepositoryId
  /** Whether a file is here or on its way; undefined when the repository does not have it, or cannot say without asking. */
  isHere(path: RepositoryPath, options: AbortOptions): Promise<boolean | undefined>
  /**
   * See to it that a file is stored; of a small one, that it will be.
   *
   * @returns undefined when the repository does not have it, or `allow` refused
   * @throws {NoSpaceError} when there is no room
   */
  bring(path: RepositoryPath, options: BringOptions): Promise<GivenFile | undefined>
  /** The bytes of a stored file. */
  read(entry: IndexEntry): Promise<Uint8Array | undefined>
}
