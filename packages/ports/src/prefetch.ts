import type { Digest } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import type { RepositoryId } from '@jarswarm/trust'
import type { SourceKind } from './artifact-source.ts'

/** An artifact that a client was given. */
export interface ServedArtifact {
  readonly repository: RepositoryId
  readonly path: RepositoryPath
  /** `store` when the node had it before. */
  readonly source: SourceKind
}

/** Files that were fetched ahead of the clients since the start, and how many of them a client then asked for. */
export interface PrefetchCounts {
  readonly files: number
  readonly used: number
}

/** Fetches what a client will ask for next, behind its back. */
export interface Prefetch {
  /** A client is given an artifact. Returns at once and never throws: whatever follows from it is a hint. */
  served(artifact: ServedArtifact): void
  /** A client is told that a repository does not have a file: where it goes on, so do we. */
  missed(repository: RepositoryId, path: RepositoryPath): void
  /**
   * The verified bytes of a small file that was fetched ahead and may not be on the disk yet.
   *
   * @returns once: whoever takes them keeps them, and may not change them; undefined when they are not in memory
   */
  take(digest: Digest): Uint8Array | undefined
  counts(): PrefetchCounts
}
