import type { RefusedFile } from './judge-file.ts'
import type { Round } from './publish-round.ts'
import type { ReportedPath } from './scan-tree.ts'

/** What a publish did. Lists ascend by path. */
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
  /** Files that are no repository's: bookkeeping of clients, and hidden files and directories. */
  readonly leftOut: number
  /** How long it took, in milliseconds. */
  readonly ms: number
}

/**
 * Sum up the rounds of one publish, each of which looked at paths behind those of the one before.
 *
 * @param rounds at least one
 */
export function toReport(rounds: readonly Round[], ms: number): PublishReport {
  const last = rounds.at(-1)
  if (last === undefined) throw new RangeError('Cannot report a publish: found no round')
  const { index, seq } = last.state.head
  const sum = (count: (round: Round) => number): number =>
    rounds.reduce((total, round) => total + count(round), 0)
  return {
    seq,
    files: index.files,
    bytes: index.bytes,
    added: sum(({ counts }) => counts.added),
    changed: sum(({ counts }) => counts.changed),
    removed: sum(({ counts }) => counts.removed),
    waiting: rounds.flatMap(({ report }) => report.waiting),
    refused: rounds.flatMap(({ report }) => report.refused),
    mismatches: rounds.flatMap(({ report }) => report.mismatches),
    missing: rounds.flatMap(({ report }) => report.missing),
    withdrawn: rounds.flatMap(({ report }) => report.withdrawn),
    leftOut: sum(({ report }) => report.leftOut),
    ms: Math.round(ms),
  }
}
