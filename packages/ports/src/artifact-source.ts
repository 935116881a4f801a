import type { Digest, Head, IndexEntry } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import type { Freshness, RepositoryId } from '@jarswarm/trust'
import type { AbortOptions, ByteRange } from './blob-store.ts'
import type { DonationStatus } from './donation-status.ts'
import type { WithdrawnStatus } from './withdrawn-status.ts'

/** Where the bytes of an answer came from. */
export type SourceKind = 'store' | 'peer' | 'mirror' | 'origin'

/** Opens artifacts. */
export interface ArtifactOpener {
  /**
   * Get an artifact's bytes from the store or the best source. Small blobs are whole when this resolves,
   * large ones flow. The fetch goes on when the signal ends the wait.
   *
   * @throws {UnavailableError} when it cannot be had now; the message is one sentence for the user
   */
  open(entry: IndexEntry, options: AbortOptions): Promise<ArtifactContent>
}

/** What the verified index says of a path; in a proxied repository, what its origin said. */
export type Resolution =
  | {
      readonly kind: 'artifact'
      readonly entry: IndexEntry
      readonly mutable: boolean
      /** Proxied repositories only: how long ago the origin confirmed the file, while it does not answer. */
      readonly staleSeconds?: number
      /**
       * Observed repositories only: the signed index does not name the file, but the repository has it. It agrees with
       * that one's own checksum and is not verified; it is opened by this, and is given to nobody but the client.
       */
      readonly unindexed?: ArtifactOpener
    }
  | ArrivingArtifact
  /** A directory of the index, with or without files of its own. */
  | { readonly kind: 'directory' }
  /**
   * Proven absent under a head that was confirmed recently enough. `fileOnly`: no such file, but whether there is a directory
   * of that name could not be said, for proofs name files and the whole index was not here.
   */
  | { readonly kind: 'absent'; readonly fileOnly?: boolean }
  /** Taken back by whoever published it, for a reason that is visible ASCII. */
  | {
      readonly kind: 'withdrawn'
      /** SHA-256 that it had. */
      readonly digest: Digest
      readonly reason: string | undefined
      readonly issuedSeconds: number
    }
  /** This node's user does not want it. */
  | { readonly kind: 'denied'; readonly reason: string | undefined }
  /** Nothing may be concluded; `reason` is one sentence for the user, ASCII, without line breaks. */
  | { readonly kind: 'unknown'; readonly reason: string }

/**
 * A large file of a proxied repository that is on its way here: its SHA-256 is not known before its last byte.
 * Its SHA-1 is what the origin states; the content fails before its end when the bytes do not agree.
 */
export interface ArrivingArtifact {
  readonly kind: 'arriving'
  readonly path: RepositoryPath
  readonly sizeBytes: number
  readonly sha1: string
  readonly mtimeSeconds: number
  readonly mutable: boolean
  /** As in {@link Resolution}. */
  readonly unindexed?: ArtifactOpener
  open(): ArtifactContent
  /**
   * Wait until the whole is here and checked.
   *
   * @throws {UnavailableError} when it does not arrive, or not intact
   */
  complete(options: AbortOptions): Promise<IndexEntry>
}

/** An artifact that can be sent. Every byte was verified before it is yielded. */
export interface ArtifactContent {
  readonly source: SourceKind
  readonly sizeBytes: number
  /**
   * No byte of it is verified yet, but a slow source is sending, fast enough for the first to be soon: a client should
   * be told what is coming, for silence would drive it away. @defaultValue false
   */
  readonly early?: boolean
  /** Whether a source is sending what comes next; absent when all of it is here. */
  isArriving?(): boolean
  /**
   * The bytes of a range in order. Chunks may come before the whole blob is here.
   * Throws UnavailableError when the rest cannot be had: the connection must then be reset.
   */
  read(range: ByteRange, options: AbortOptions): AsyncIterable<Uint8Array>
  /** Let go of the content. Idempotent; must be called once the answer ended, however. */
  release(): void
}

export interface ResolveOptions extends AbortOptions {
  /** Look into the index alone, for a folder is asked for and no file. @defaultValue false */
  readonly indexOnly?: boolean
  /**
   * The path stands beside a file that was found: the index that named it says whether this is there, too, though a newer head
   * that may say something else is known and not in use. @defaultValue false
   */
  readonly beside?: boolean
}

export interface RepositoryStatus {
  readonly name: string
  readonly id: RepositoryId
  readonly origin: string | null
  /** Base URL that the signer saw the files at, who is not its operator; null when the operator signs. */
  readonly observed: string | null
  readonly freshness: Freshness | 'unknown'
  readonly head: {
    readonly seq: number
    readonly issued: string
    readonly ageSeconds: number
    readonly files: number
    readonly bytes: number
    readonly root: string
  } | null
  /** The index that is here: whether it is the newest one, and how many files it names. */
  readonly index: { readonly complete: boolean; readonly files: number }
  /** The history of the head in use; absent without signed index. */
  readonly history?: {
    readonly lines: number
    /** Whether the index was compared with the whole history, from its first line on. */
    readonly replayed: boolean
    /** What such a comparison found wrong with the head in use. */
    readonly fault: string | null
    /** The newest signed head while it is not in use: `refused`, or not checked yet. */
    readonly heldBack: {
      readonly seq: number
      readonly reason: string
      readonly refused: boolean
      /** Whether it withdraws more than the online keys may. */
      readonly held?: boolean
    } | null
  }
  /** Absent without signed index. */
  readonly withdrawn?: WithdrawnStatus
  /** Absent when nothing is donated to it. */
  readonly donation?: DonationStatus
  /** Names of files that prove misbehaviour of the repository's keys; absent without signed index. */
  readonly evidence?: readonly string[]
}

/** One followed repository, as the endpoint and the commands see it. */
export interface ArtifactSource extends ArtifactOpener {
  readonly id: RepositoryId
  readonly name: string
  /** Where deploys go, for messages; undefined when the link named no origin. */
  readonly origin: string | undefined
  readonly head: Head | undefined
  /** True for a repository without signed index: nothing of it may be called verified. @defaultValue false */
  readonly proxied?: boolean
  freshness(): { readonly state: Freshness | 'unknown'; readonly staleSeconds: number }
  /**
   * Look a path up in the verified index. When it is absent and the head was not confirmed in the last
   * 10 s, looks for a newer head first, within 2 s.
   *
   * @param path of an artifact, not of a sidecar
   */
  resolve(path: RepositoryPath, options: ResolveOptions): Promise<Resolution>
  /**
   * What `resolve` says of a path, when that is in memory; undefined when it must be waited for. As much is checked: what was
   * taken back is told so, or waited for.
   *
   * @defaultValue nothing is in memory
   */
  recall?(path: RepositoryPath, options: Pick<ResolveOptions, 'beside'>): Resolution | undefined
  /** Names directly below a directory, folders with a trailing slash; undefined when there is none such. */
  list(
    directory: string,
    options: AbortOptions & { readonly limit: number },
  ): Promise<readonly string[] | undefined>
  status(): RepositoryStatus
}
