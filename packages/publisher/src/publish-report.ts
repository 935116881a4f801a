import type { Head } from '@jarswarm/manifest'
import type { RefusedFile } from './judge-file.ts'
import type { Round } from './publish-round.ts'
import { ReportedPaths } from './reported-paths.ts'
import type { ReportedPath } from './reported-paths.ts'

/** Paths that are not published as they stand. */
export type ReportedKind = 'waiting' | 'withdrawn' | 'refused' | 'mismatches' | 'missing'

/** What a publish did. Lists ascend by path, and name no more than {@link MAX_REPORTED_PATHS}. */
export interface PublishReport {
  /** Number of the head that is published now. */
  readonly seq: number
  /** Artifacts in the index, and the sum of their sizes. */
  readonly files: number
  readonly bytes: number
  /** Artifacts that differ from the state before. */
  readonly added: number
  readonly changed: number
  readonly removed: number
  /** What could not be indexed as it stands: unreadable, still being written, not what its `.sha1` says, odd links. */
  readonly waiting: readonly ReportedPath[]
  /** Releases whose bytes changed; what was published stays. */
  readonly refused: readonly RefusedFile[]
  /** Sidecars that disagree with their published files, and are ignored. */
  readonly mismatches: readonly ReportedPath[]
  /** What was to be looked at and is not there; a release stays published all the same. */
  readonly missing: readonly ReportedPath[]
  /** What was withdrawn and still stands in the tree, or at the origin: it is not published, and better removed. */
  readonly withdrawn: readonly ReportedPath[]
  /** How many paths there are of each kind, named or not. */
  readonly counts: Readonly<Record<ReportedKind, number>>
  /** Files that are no repository's: bookkeeping of clients, and hidden files and directories. */
  readonly leftOut: number
  /** How long it took, in milliseconds. */
  readonly ms: number
}

/** Sums up the rounds of one publish, each of which looked at paths behind those of the one before. */
export class PublishSummary {
  readonly #changes = { added: 0, changed: 0, removed: 0 }
  readonly #paths = {
    waiting: new ReportedPaths(),
    withdrawn: new ReportedPaths(),
    refused: new ReportedPaths<RefusedFile>(),
    mismatches: new ReportedPaths(),
    missing: new ReportedPaths(),
  }
  #leftOut = 0
  #head: Pick<Head, 'seq' | 'index'> | undefined

  add({ state, report, counts }: Round): void {
    this.#head = state.head
    this.#leftOut += report.leftOut
    for (const kind of ['added', 'changed', 'removed'] as const) this.#changes[kind] += counts[kind]
    const { waiting, withdrawn, refused, mismatches, missing } = this.#paths
    waiting.addAll(report.waiting)
    withdrawn.addAll(report.withdrawn)
    refused.addAll(report.refused)
    mismatches.addAll(report.mismatches)
    missing.addAll(report.missing)
  }

  /**
   * @param more `leftOut`: lines of a list that named no artifact; `ms`: how long it took, in milliseconds
   * @throws {RangeError} before the first round
   */
  report(more: { readonly leftOut: number; readonly ms: number }): PublishReport {
    if (this.#head === undefined) throw new RangeError('Cannot report a publish: found no round')
    const { seq, index } = this.#head
    const { waiting, withdrawn, refused, mismatches, missing } = this.#paths
    return {
      seq,
      files: index.files,
      bytes: index.bytes,
      ...this.#changes,
      waiting: waiting.named,
      withdrawn: withdrawn.named,
      refused: refused.named,
      mismatches: mismatches.named,
      missing: missing.named,
      counts: {
        waiting: waiting.count,
        withdrawn: withdrawn.count,
        refused: refused.count,
        mismatches: mismatches.count,
        missing: missing.count,
      },
      leftOut: this.#leftOut + more.leftOut,
      ms: Math.round(more.ms),
    }
  }
}
