import { rm } from 'node:fs/promises'
import { formatPieceList, MAX_MTIME_SECONDS, sha256 } from '@jarswarm/manifest'
import type { Digest, IndexEntry } from '@jarswarm/manifest'
import { isMutablePath } from '@jarswarm/maven'
import type { RepositoryPath, SidecarAlgorithm } from '@jarswarm/maven'
import { describeErrno, isErrno } from './errno.ts'
import type { FailedSyncs } from './failed-syncs.ts'
import { hashFile } from './hash-file.ts'
import { FailedSyncError, UnsteadyFileError } from './errors.ts'
import type { FileDigests } from './file-hasher.ts'
import type { RecordedFile } from './scan-record.ts'
import { checkSidecars } from './sidecar-check.ts'
import type { SidecarMismatch } from './sidecar-check.ts'
import { mayBeUnderWay, mayBeUnwritten, stampOf } from './tree-file.ts'
import type { TreeFile } from './tree-file.ts'

const UNDER_WAY = 'it changed just now and has no checksum beside it: it may still be written'
const FAILED_SYNC =
  'its sync failed, so that what was written may be lost: write it there anew, by a copy in its place'

/** One difference between the index and the tree. */
export interface TreeChange {
  readonly kind: 'put' | 'mut' | 'del'
  readonly before: IndexEntry | undefined
  readonly after: IndexEntry | undefined
  /** Why it is withdrawn. */
  readonly reason?: string | undefined
  /** Where the piece list of a large file is staged, not synced yet; it is published beside the index. */
  readonly pieceListPath?: string | undefined
  /** Where a copy of a mutable file's bytes is staged, not synced yet. */
  readonly copyPath?: string | undefined
  /** Whether what is staged stays there, to be used again, so that it is copied and not moved. */
  readonly isKept?: boolean | undefined
}

/** A release whose bytes are not those that were published. */
export interface RefusedFile {
  readonly path: RepositoryPath
  /** SHA-256 that was published, and stays. */
  readonly recorded: Digest
  /** SHA-256 of what stands in the tree. */
  readonly found: Digest
  /** Both, in words. */
  readonly reason: string
}

/** What becomes of one path. */
export interface Verdict {
  /** What to remember; undefined when nothing is published at the path. */
  readonly recorded: RecordedFile | undefined
  readonly change?: TreeChange
  /** Why the file is not indexed as it stands. */
  readonly waiting?: string
  readonly refused?: RefusedFile
  /** Why the file is not indexed although nothing is wrong with it: it was withdrawn. */
  readonly withdrawn?: string
  /** Sidecars that disagree with an indexed file. */
  readonly mismatches?: readonly string[]
  /** Why there is nothing where something was to be looked at. */
  readonly missing?: string
  /** Whether the file was read. */
  readonly hashedBytes?: number
}

/** What becomes of files that somebody may still be writing: without a checksum beside them that agrees they wait. */
export interface Settling {
  /** How long a file has to be left alone. */
  readonly ms: number
  /** Told of each file that waits for that. */
  readonly onYoung: (path: RepositoryPath) => void
}

export interface JudgeOptions {
  /** Gives the name of a file for the bytes of a mutable file. */
  readonly temporaryPath: () => string
  /** Writes an unfinished file and gives its name. */
  readonly stage: (bytes: Uint8Array) => Promise<string>
  /** Told of a file whose name must be durable before it is published. */
  readonly keepName: (file: TreeFile) => void
  readonly failedSyncs: FailedSyncs
  readonly settling?: Settling | undefined
  readonly signal: AbortSignal | undefined
}

/** What becomes of a path whose file is gone: a mutable one goes too, a release stays published. */
export function judgeVanished(recorded: RecordedFile): Verdict {
  const { entry } = recorded
  if (!isMutablePath(entry.path))
    return { recorded: { entry, stamp: undefined, refused: undefined } }
  return { recorded: undefined, change: { kind: 'del', before: entry, after: undefined } }
}

/** What becomes of a path that was to be looked at and has nothing. */
export function judgeMissing(recorded: RecordedFile | undefined, reason: string): Verdict {
  if (recorded === undefined) return { recorded, missing: reason }
  const verdict = judgeVanished(recorded)
  const outcome =
    verdict.change === undefined ? 'what was released stays' : 'it is published no more'
  return { ...verdict, missing: `${reason}; ${outcome}` }
}

/** What becomes of a file that need not be read, as its stamp says that nothing changed; undefined for all others. */
export function judgeUnchanged(
  file: TreeFile,
  recorded: RecordedFile | undefined,
): Verdict | undefined {
  if (recorded?.stamp === undefined || recorded.stamp !== stampOf(file)) return undefined
  return { recorded, ...refusalOf(recorded) }
}

/** What becomes of a file, by its bytes. */
export async function judgeFile(
  file: TreeFile,
  recorded: RecordedFile | undefined,
  options: JudgeOptions,
): Promise<Verdict> {
  if (options.failedSyncs.has(file)) return wait(recorded, FAILED_SYNC)
  const isYoung = options.settling !== undefined && mayBeUnderWay(file.stat, options.settling.ms)
  if (isYoung && file.sidecars.length === 0) {
    options.settling.onYoung(file.path)
    return wait(recorded, UNDER_WAY)
  }
  const stamp = stampOf(file)
  const mutable = isMutablePath(file.path)
  const copyPath = mutable ? options.temporaryPath() : undefined
  let digests: FileDigests
  try {
    // A mutable file is served from its copy, which is synced when it is published.
    const sync = !mutable && mayBeUnwritten(file.stat)
    digests = await hashFile(file, { copyTo: copyPath, sync, signal: options.signal })
    if (sync) options.keepName(file)
  } catch (error) {
    await discard(copyPath)
    if (error instanceof FailedSyncError) await remember(file, error, options.failedSyncs)
    return wait(recorded, reasonToWait(error, copyPath))
  }
  const verdict = await judgeReading(
    {
      path: file.path,
      digests,
      mtimeSeconds: Number(file.stat.mtimeNs / 1_000_000_000n),
      stamp,
      copyPath,
      stagePieces: () => stagePieces(digests, options.stage),
      checkSidecars: () => checkSidecars(file, digests),
      binding: isYoung ? file.sidecars.map(({ algorithm }) => algorithm) : ['sha1'],
    },
    recorded,
  )
  if (verdict.change === undefined) await discard(copyPath)
  return { ...verdict, hashedBytes: digests.sizeBytes }
}

/** @throws {FailedSyncError} when it cannot be remembered beyond this process */
async function remember(
  file: TreeFile,
  failure: FailedSyncError,
  failedSyncs: FailedSyncs,
): Promise<void> {
  try {
    await failedSyncs.add(file)
  } catch (error) {
    throw new FailedSyncError(
      `${failure.message} before the next publish, which may not know: found ${describeErrno(error)} when this was to be noted`,
      { cause: failure },
    )
  }
}

/** A piece list that stands somewhere to be published. */
export interface StagedPieces {
  readonly digest: Digest
  readonly path: string
}

/** What the bytes of a file turned out to be, wherever they came from. */
export interface Reading {
  readonly path: RepositoryPath
  readonly digests: Pick<FileDigests, 'digest' | 'sha1' | 'sizeBytes'>
  readonly mtimeSeconds: number
  /** What to record, so that an unchanged file need not be read again. */
  readonly stamp: string
  readonly copyPath: string | undefined
  /** Whether what is staged stays there. @defaultValue false */
  readonly isKept?: boolean
  /** Stages the piece list, when the file has one and is to be published. */
  readonly stagePieces: () => Promise<StagedPieces | undefined>
  /** The sidecars that disagree; asked only when the bytes may be published at all. */
  readonly checkSidecars: () => Promise<readonly SidecarMismatch[]>
  /** With which sidecars a file must agree to be indexed. */
  readonly binding: readonly SidecarAlgorithm[]
}

/** What becomes of a path by the bytes that were read there. */
export async function judgeReading(
  reading: Reading,
  recorded: RecordedFile | undefined,
): Promise<Verdict> {
  const { path, digests } = reading
  const mutable = isMutablePath(path)
  // Before its sidecars are looked at: what was released may not change, whatever they say.
  if (recorded !== undefined && !mutable && recorded.entry.digest !== digests.digest) {
    const kept = { entry: recorded.entry, stamp: reading.stamp, refused: digests.digest }
    return { recorded: kept, ...refusalOf(kept) }
  }
  const mismatches = await reading.checkSidecars()
  const untrue = mismatches.find(({ algorithm }) => reading.binding.includes(algorithm))
  if (untrue !== undefined) return wait(recorded, untrue.reason)
  // A file with a false sidecar is read again each time, so that each publish reports it.
  const stamp = mismatches.length === 0 ? reading.stamp : undefined
  const reasons = mismatches.map(({ reason }) => reason)
  if (recorded?.entry.digest === digests.digest) {
    return { recorded: { entry: recorded.entry, stamp, refused: undefined }, mismatches: reasons }
  }
  const pieceList = await reading.stagePieces()
  const entry = toEntry(reading, pieceList?.digest)
  return {
    recorded: { entry, stamp, refused: undefined },
    change: {
      kind: mutable ? 'mut' : 'put',
      before: recorded?.entry,
      after: entry,
      pieceListPath: pieceList?.path,
      copyPath: reading.copyPath,
      isKept: reading.isKept,
    },
    mismatches: reasons,
  }
}

async function stagePieces(
  { pieces }: FileDigests,
  stage: (bytes: Uint8Array) => Promise<string>,
): Promise<StagedPieces | undefined> {
  if (pieces === undefined) return undefined
  const bytes = formatPieceList(pieces)
  return { digest: sha256(bytes), path: await stage(bytes) }
}

function toEntry(
  { path, digests, mtimeSeconds }: Reading,
  pieceList: Digest | undefined,
): IndexEntry {
  return {
    path,
    digest: digests.digest,
    sha1: digests.sha1,
    sizeBytes: digests.sizeBytes,
    // Some file systems know times before 1970 and after the year 9999; the index does not.
    mtimeSeconds: Math.min(Math.max(0, mtimeSeconds), MAX_MTIME_SECONDS),
    pieceList,
  }
}

/** The file cannot be indexed as it stands; what was published stays, and it is looked at again. */
export function wait(recorded: RecordedFile | undefined, waiting: string): Verdict {
  return { recorded: recorded && { ...recorded, stamp: undefined }, waiting }
}

/** What a recorded refusal says each time. */
export function refusalOf({ entry, refused }: RecordedFile): { readonly refused?: RefusedFile } {
  if (refused === undefined) return {}
  const { path, digest } = entry
  const reason = `found SHA-256 ${refused}, wanted ${digest} as it was released`
  return { refused: { path, recorded: digest, found: refused, reason } }
}

/** Only what concerns the one file; a full disk, for one, ends the publish, and so does a copy that cannot be written. */
function reasonToWait(error: unknown, copyPath: string | undefined): string {
  if ((error as NodeJS.ErrnoException).path === copyPath && copyPath !== undefined) throw error
  if (error instanceof UnsteadyFileError || error instanceof RangeError) return error.message
  if (isErrno(error, 'ENOENT', 'EACCES', 'EPERM', 'ELOOP', 'EISDIR', 'EIO', 'ENXIO', 'ESTALE')) {
    return `cannot read it: ${describeErrno(error)}`
  }
  throw error
}

async function discard(path: string | undefined): Promise<void> {
  if (path !== undefined) await rm(path, { force: true })
}
