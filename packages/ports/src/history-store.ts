import type { Digest, Tile } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'

/** A head that was taken into use, as `verify-history` compares it with others. */
export interface AcceptedHead {
  readonly seq: number
  readonly issued: string
  /** Lines of its history, and the hash over them. */
  readonly size: number
  readonly root: Digest
}

/** A release that the index named once. */
export interface GoneRelease {
  readonly path: RepositoryPath
  readonly digest: Digest
  readonly sizeBytes: number
  /** Its place in the history, from 0: where it says that the release left. */
  readonly line: number
}

/** Taking a head into use: one durable change. */
export interface AcceptedStep {
  /** Root manifest of the head. */
  readonly manifest: Uint8Array
  readonly head: AcceptedHead
  /** Releases that left with it. */
  readonly gone: readonly GoneRelease[]
  /** Whether the index of this head is known to be the fold of the whole history, back to its first line. */
  readonly replayed: boolean
  /** Root manifest of the head that nothing shows this one to continue, so that later ones are to continue both. */
  readonly unproven?: Uint8Array | undefined
}

/** Tiles of the history of one repository, and which heads of it were taken into use. All of it can be fetched again. */
export interface HistoryStore {
  /** What is here of a tile: as many of its hashes or lines as were written at once. Not verified. */
  readTile(tile: Omit<Tile, 'width'>): Promise<{ width: number; bytes: Uint8Array } | undefined>
  /** Keep a tile that was verified; a wider one than is here takes its place, a narrower one is let go of. */
  writeTile(tile: Tile, bytes: Uint8Array): Promise<void>
  /** The newest step, without what left with it. */
  lastStep(): Promise<Omit<AcceptedStep, 'gone'> | undefined>
  /** Durable once it resolves. */
  accept(step: AcceptedStep): Promise<void>
  /** Heads that were taken into use, ascending; the newest {@link MAX_ACCEPTED_HEADS}. */
  heads(): AsyncIterable<AcceptedHead>
  /** A release that left, by its path. */
  gone(path: RepositoryPath): Promise<GoneRelease | undefined>
}

/** Heads kept of one repository: a year of one each hour. About 150 bytes each. */
export const MAX_ACCEPTED_HEADS = 10_000

/** Keeps evidence where the user finds it. */
export interface EvidenceStore {
  /**
   * Keep a piece of evidence; one that is here already is left.
   *
   * @returns the name of its file
   */
  add(kind: string, bytes: Uint8Array): Promise<string>
  /** Names of all files, ascending. */
  list(): Promise<readonly string[]>
}
