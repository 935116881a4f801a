import { rm } from 'node:fs/promises'
import { formatPieceList, MAX_MTIME_SECONDS, sha256 } from '@jarswarm/manifest'
import type { Digest, IndexEntry } from '@jarswarm/manifest'
import { isMutablePath } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { describeErrno, isErrno } from './errno.ts'
import { hashFile, UnsteadyFileError } from './hash-file.ts'
import type { FileDigests } from './hash-file.ts'
import type { RecordedFile } from './scan-record.ts'
import { checkSidecars } from './sidecar-check.ts'
import { stampOf } from './tree-file.ts'
import type { TreeFile } from './tree-file.ts'

/** One difference between the index and the tree. */
export interface TreeChange {
  readonly kind: 'put' | 'mut' | 'del'
  readonly before: IndexEntry | undefined
  readonly after: IndexEntry | undefined
  /** What must be published beside the index: the piece list of a large file. */
  readonly pieceList?: Uint8Array | undefined
  /** Where a copy of a mutable file's bytes stands, not synced yet. */
  readonly copyPath?: string | undefined
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
  /** Sidecars that disagree with an indexed file. */
  readonly mismatches?: readonly string[]
  /** Whether the file was read. */
  readonly hashedBytes?: number
}

export interface JudgeOptions {
  /** Gives the name of a file for the bytes of a mutable file. */
  readonly temporaryPath: () => string
  readonly signal: AbortSignal | undefined
}

/** What becomes of a path whose file is gone: a mutable one goes too, a release stays published. */
export function judgeVanished(recorded: RecordedFile): Verdict {
  const { entry } = recorded
  if (!isMutablePath(entry.path))
    return { recorded: { entry, stamp: undefined, refused: undefined } }
  return { recorded: undefined, change: { kind: 'del', before: entry, after: undefined } }
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
  const stamp = stampOf(file)
  const mutable = isMutablePath(file.path)
  const copyPath = mutable ? options.temporaryPath() : undefined
  let digests: FileDigests
  try {
    digests = await hashFile(file, { copyTo: copyPath, signal: options.signal })
  } catch (error) {
    await discard(copyPath)
    return wait(recorded, reasonToWait(error))
  }
  const reading = { file, digests, stamp, copyPath }
  const verdict = await judgeDigests(reading, recorded)
  if (verdict.change === undefined) await discard(copyPath)
  return { ...verdict, hashedBytes: digests.sizeBytes }
}

interface Reading {
  readonly file: TreeFile
  readonly digests: FileDigests
  readonly stamp: string
  readonly copyPath: string | undefined
}

async function judgeDigests(
  reading: Reading,
  recorded: RecordedFile | undefined,
): Promise<Verdict> {
  const { file, digests } = reading
  const mutable = isMutablePath(file.path)
  // Before its sidecars are looked at: what was released may not change, whatever they say.
  if (recorded !== undefined && !mutable && recorded.entry.digest !== digests.digest) {
    const kept = { entry: recorded.entry, stamp: reading.stamp, refused: digests.digest }
    return { recorded: kept, ...refusalOf(kept) }
  }
  const mismatches = await checkSidecars(file, digests)
  const untrue = mismatches.find(({ algorithm }) => algorithm === 'sha1')
  if (untrue !== undefined) return wait(recorded, untrue.reason)
  // A file with a false sidecar is read again each time, so that each publish reports it.
  const stamp = mismatches.length === 0 ? reading.stamp : undefined
  const reasons = mismatches.map(({ reason }) => reason)
  if (recorded?.entry.digest === digests.digest) {
    return { recorded: { entry: recorded.entry, stamp, refused: undefined }, mismatches: reasons }
  }
  const pieceList = digests.pieces === undefined ? undefined : formatPieceList(digests.pieces)
  const entry = toEntry(reading, pieceList)
  return {
    recorded: { entry, stamp, refused: undefined },
    change: {
      kind: mutable ? 'mut' : 'put',
      before: recorded?.entry,
      after: entry,
      pieceList,
      copyPath: reading.copyPath,
    },
    mismatches: reasons,
  }
}

function toEntry({ file, digests }: Reading, pieceList: Uint8Array | undefined): IndexEntry {
  // Some file systems know times before 1970 and after the year 9999; the index does not.
  const seconds = Number(file.stat.mtimeNs / 1_000_000_000n)
  const mtimeSeconds = Math.min(Math.max(0, seconds), MAX_MTIME_SECONDS)
  return {
    path: file.path,
    digest: digests.digest,
    sha1: digests.sha1,
    sizeBytes: digests.sizeBytes,
    mtimeSeconds,
    pieceList: pieceList === undefined ? undefined : sha256(pieceList),
  }
}

function wait(recorded: RecordedFile | undefined, waiting: string): Verdict {
  return { recorded: recorded && { ...recorded, stamp: undefined }, waiting }
}

function refusalOf({ entry, refused }: RecordedFile): { readonly refused?: RefusedFile } {
  if (refused === undefined) return {}
  const { path, digest } = entry
  const reason = `found SHA-256 ${refused}, wanted ${digest} as it was released`
  return { refused: { path, recorded: digest, found: refused, reason } }
}

/** Only what concerns the one file; a full disk, for one, ends the publish. */
function reasonToWait(error: unknown): string {
  if (error instanceof UnsteadyFileError || error instanceof RangeError) return error.message
  if (isErrno(error, 'ENOENT', 'EACCES', 'EPERM', 'ELOOP', 'EISDIR', 'EIO', 'ENXIO', 'ESTALE')) {
    return `cannot read it: ${describeErrno(error)}`
  }
  throw error
}

async function discard(path: string | undefined): Promise<void> {
  if (path !== undefined) await rm(path, { force: true })
}
