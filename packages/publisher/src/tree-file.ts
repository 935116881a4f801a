import type { BigIntStats } from 'node:fs'
import { uptime } from 'node:os'
import type { RepositoryPath, SidecarAlgorithm } from '@jarswarm/maven'

/** A file of the tree that may be indexed, as the walk saw it. */
export interface TreeFile {
  readonly kind: 'file'
  readonly path: RepositoryPath
  /** What was opened: the file itself, or what a link inside the tree leads to. */
  readonly realPath: string
  readonly stat: BigIntStats
  /** The checksum files beside it, ascending. */
  readonly sidecars: readonly TreeSidecar[]
}

/** A checksum file beside an artifact. */
export interface TreeSidecar {
  readonly algorithm: SidecarAlgorithm
  readonly filePath: string
  readonly stat: BigIntStats
}

/** Something in the tree that cannot be indexed and is no bookkeeping either. */
export interface TreeProblem {
  readonly kind: 'problem'
  /**
   * Path below the tree; `''` or with `/` at its end for a directory that cannot be listed, so that nothing is known
   * of what was published below it. May hold anything that a file name may.
   */
  readonly path: string
  readonly reason: string
}

/** A client's bookkeeping or a hidden file or directory. */
export interface TreeLeftOut {
  readonly kind: 'left-out'
  readonly path: string
}

/** A path that was to be looked at and has nothing. */
export interface TreeGone {
  readonly kind: 'gone'
  readonly path: string
}

/** What a scan goes through: files of whatever kind, and what is none. */
export type ScanStep<File extends ScannedFile = TreeFile> =
  File | TreeProblem | TreeLeftOut | TreeGone

/** What all kinds of files have that a scan can judge. */
export interface ScannedFile {
  readonly kind: 'file'
  readonly path: RepositoryPath
}

export type TreeStep = ScanStep

/** Whether two looks at a file saw the same file with the same content. */
export function isUnchanged(before: BigIntStats, after: BigIntStats): boolean {
  return (
    before.ino === after.ino &&
    before.dev === after.dev &&
    before.size === after.size &&
    before.mtimeNs === after.mtimeNs &&
    before.ctimeNs === after.ctimeNs
  )
}

/** What was written longer ago is on the disk: systems write back after half a minute, laptops after ten. */
const WRITTEN_BACK_MS = 3_600_000

/**
 * Whether a file may be in the machine's memory only, for nobody had to sync it. Its time of change cannot be set by hand, but the clock
 * can: one that was wrong at the start, and was set right since, makes what was written before that look old. So until the machine has run
 * for as long, whatever the clock says, any file may be.
 */
export function mayBeUnwritten({ ctimeNs }: BigIntStats): boolean {
  if (uptime() * 1_000 < WRITTEN_BACK_MS) return true
  return Number(ctimeNs / 1_000_000n) > Date.now() - WRITTEN_BACK_MS
}

/**
 * Whether a file may still be written: it changed less than so long ago. One whose times were set by hand, as a copy with
 * the times of the original does in the end, or that got its name later, is whole.
 */
export function mayBeUnderWay({ ctimeNs, mtimeNs }: BigIntStats, settleMs: number): boolean {
  const settledMs = Date.now() - settleMs
  return Number(ctimeNs / 1_000_000n) > settledMs && Number(mtimeNs / 1_000_000n) > settledMs
}

/**
 * What tells that a file and its sidecars need not be read again: their sizes and times of last change.
 *
 * @returns one word, `<size>.<mtime ns>` of the file and, after `+`, of each sidecar
 */
export function stampOf(file: TreeFile): string {
  const stats = [file.stat, ...file.sidecars.map((sidecar) => sidecar.stat)]
  return stats.map((stat) => `${String(stat.size)}.${String(stat.mtimeNs)}`).join('+')
}
