import type { NodeStatus } from '@jarswarm/endpoint'
import type { Denial, DenyChange } from './deny/deny-list.ts'
import type { Digest } from '@jarswarm/manifest'
import type { HistoryRange, UpstreamReport } from '@jarswarm/mirror'
import type {
  AbortOptions,
  CheckFinding,
  PeerStatus,
  RepositoryStatus,
  SourceKind,
} from '@jarswarm/ports'
import type { IndexQuery, IndexSlice } from './local-files/index-slice.ts'
import type { LimitReport } from './limits/limit-report.ts'
import type { FileHistory, VerifiedRepository } from './history-reports.ts'

/** An artifact on its way to the user. Every byte of `bytes` was checked before it is yielded. */
export interface GottenArtifact {
  readonly digest: Digest
  readonly sizeBytes: number
  readonly source: SourceKind
  /** Whether a signed index names it; else it agrees with its origin's own checksum, and with nothing more. */
  readonly verified: boolean
  readonly bytes: AsyncIterable<Uint8Array>
  /** Let go of it, read or not. Idempotent. */
  release(): void
}

/** Outcome of a check of everything that is stored. */
export interface CheckReport {
  /** Blobs that are in order, after repair when it was asked for. */
  readonly blobs: number
  readonly bytes: number
  /** What is damaged; the first {@link MAX_CHECK_FINDINGS} of it. */
  readonly findings: readonly CheckFinding[]
  readonly findingCount: number
  /** Tables of the database, or else values, that are not as they were written. The next start begins it anew. */
  readonly damagedValues: number
  /** Whether the findings were set aside, to be fetched anew. */
  readonly repaired: boolean
}

/** What a signed index states of a path. */
export interface IndexedFile {
  /** Name of the repository whose index it is. */
  readonly repository: string
  readonly digest: Digest
  readonly sha1: string
  readonly sizeBytes: number
  readonly mtimeSeconds: number
  /** Whether the blob is in the store. */
  readonly held: boolean
}

/** A path that was taken back. */
export interface WithdrawnFile {
  /** Name of the repository. */
  readonly repository: string
  /** SHA-256 that it had. */
  readonly digest: Digest
  readonly reason: string | null
  /** ISO 8601. */
  readonly issued: string
}

/** What a repository took back, as far as it stays taken back. */
export interface WithdrawnList {
  readonly count: number
  /** The newest first; the first 10 000 of them. */
  readonly files: readonly (WithdrawnFile & { readonly path: string })[]
}

/** What the signed indexes of all followed repositories state of a path. */
export interface PathFinding {
  readonly path: string
  readonly indexed: readonly IndexedFile[]
  /** Repositories from which it was taken back. */
  readonly withdrawn: readonly WithdrawnFile[]
  /** Why an index could not be asked now, so that nothing follows from what is not named; else null. */
  readonly unsure: string | null
}

/** A file of this machine that may be an artifact. */
export interface LocalFile {
  /** Repository path that it would have. */
  readonly path: string
  /** Absolute path of the file. */
  readonly file: string
}

/** What became of a file that was offered to the store. */
export type AdoptedFile =
  | { readonly path: string; readonly outcome: 'adopted' | 'held' | 'differs' }
  | { readonly path: string; readonly outcome: 'unknown'; readonly reason: string }

/** What the user may ask of a node, whether it runs in this process or behind its control socket. */
export interface NodeControl {
  status(options?: AbortOptions): Promise<NodeStatus>
  /** The bounds that the node keeps to, and what is used of them now. */
  limits(options?: AbortOptions): Promise<readonly LimitReport[]>
  peers(options?: AbortOptions): Promise<readonly PeerStatus[]>
  repositories(options?: AbortOptions): Promise<readonly RepositoryStatus[]>
  /** Compare origin and mirrors of each followed repository with what is trusted; asks them. */
  mirrors(options?: AbortOptions): Promise<readonly UpstreamReport[]>
  /**
   * Get an artifact through the swarm.
   *
   * @param address `<repository name>/<path>`
   * @throws {NotFoundError} when there is no such repository or path
   * @throws {UnavailableError} when it cannot be had now
   */
  get(address: string, options?: AbortOptions): Promise<GottenArtifact>
  /**
   * What this node gives to nobody, after a change when one is wanted. In force once it resolves, over restarts too.
   *
   * @throws {TypeError} when it is no path and no SHA-256
   */
  denials(change?: DenyChange, options?: AbortOptions): Promise<readonly Denial[]>
  /** Re-read everything that is stored; with `repair`, set aside what is damaged. */
  check(options?: AbortOptions & { readonly repair?: boolean }): Promise<CheckReport>
  /**
   * Follow a repository from now on, over restarts too.
   *
   * @param link swarm link
   * @throws {InvalidLinkError} when the text is no link
   * @throws {RepositoryNameTakenError} when another repository has the name
   */
  join(link: string, options?: AbortOptions): Promise<RepositoryStatus>
  /** Every event of a path, with proofs; see `fileHistory`. */
  history(address: string, options?: AbortOptions): Promise<FileHistory>
  /** Whether nothing that was signed was taken back; see `verifyHistory`. */
  verifyHistory(
    range: HistoryRange & { readonly name?: string | undefined },
    options?: AbortOptions,
  ): Promise<readonly VerifiedRepository[]>
  /**
   * What the signed indexes say of some paths.
   *
   * @param paths at most 512
   */
  lookUp(paths: readonly string[], options?: AbortOptions): Promise<readonly PathFinding[]>
  /**
   * Some entries of a signed index: the next of them in the order of their paths, or a random sample.
   *
   * @throws {NotFoundError} when there is no such repository
   * @throws {UnavailableError} when the index is not complete here
   */
  readIndex(query: IndexQuery, options?: AbortOptions): Promise<IndexSlice>
  /**
   * What is withdrawn from a repository.
   *
   * @param repository its name
   * @throws {NotFoundError} when there is no such repository
   */
  withdrawn(repository: string, options?: AbortOptions): Promise<WithdrawnList>
  /**
   * Take files of this machine into the store, as far as a signed index names their bytes.
   *
   * @param files at most 512
   * @throws {NoSpaceError} when there is no room left; files before that one were taken
   */
  adopt(files: readonly LocalFile[], options?: AbortOptions): Promise<readonly AdoptedFile[]>
}
