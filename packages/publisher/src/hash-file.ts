import { open, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { namingPath, openUnfollowed } from '@jarswarm/files'
import { MAX_ARTIFACT_BYTES, PIECE_BYTES } from '@jarswarm/manifest'
import { describeErrno } from './errno.ts'
import { FailedSyncError, UnsteadyFileError } from './errors.ts'
import { FileHasher } from './file-hasher.ts'
import type { FileDigests } from './file-hasher.ts'
import { isUnchanged } from './tree-file.ts'
import type { TreeFile } from './tree-file.ts'

export interface HashFileOptions {
  /** Where to write the bytes that were hashed, not synced; a copy of an unsteady file must be thrown away. */
  readonly copyTo?: string | undefined
  /** Whether to sync the file too, so that a power cut leaves the bytes that were hashed. @defaultValue false */
  readonly sync?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Hash a file piece by piece: SHA-256, SHA-1, the pieces', and whatever its sidecars state.
 *
 * @throws {UnsteadyFileError} when it is not what the walk saw, or changes meanwhile
 * @throws {RangeError} when it is too large for a piece list
 * @throws {FailedSyncError} with the system's reason
 */
export async function hashFile(
  file: TreeFile,
  options: HashFileOptions = {},
): Promise<FileDigests> {
  if (file.stat.size > BigInt(MAX_ARTIFACT_BYTES)) {
    throw new RangeError(
      `${String(file.stat.size)} bytes, wanted at most ${String(MAX_ARTIFACT_BYTES)}`,
    )
  }
  await using handle = await openUnfollowed(file.realPath)
  if (!isUnchanged(file.stat, await handle.stat({ bigint: true }))) throw unsteady('before')
  const { copyTo, signal } = options
  await using copy = copyTo === undefined ? undefined : await open(copyTo, 'wx')
  const digests = await hashPieces(file, { handle, copy, copyTo, signal })
  const after = await stat(file.realPath, { bigint: true })
  if (!isUnchanged(file.stat, after) || digests.sizeBytes !== Number(file.stat.size)) {
    throw unsteady('while')
  }
  if (options.sync === true) await sync(handle, file.realPath)
  return digests
}

interface Reading {
  readonly handle: FileHandle
  readonly copy: FileHandle | undefined
  readonly copyTo: string | undefined
  readonly signal: AbortSignal | undefined
}

async function hashPieces(file: TreeFile, reading: Reading): Promise<FileDigests> {
  const sizeBytes = Number(file.stat.size)
  const hasher = new FileHasher(
    file.sidecars.map(({ algorithm }) => algorithm),
    sizeBytes,
  )
  const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, sizeBytes + 1))
  let offset = 0
  for (;;) {
    reading.signal?.throwIfAborted()
    const length = await fill(reading.handle, buffer, offset)
    const piece = buffer.subarray(0, length)
    hasher.update(piece)
    if (length > 0) await writeCopy(piece, reading)
    offset += length
    // One byte more than expected is enough to know that the file grew.
    if (length < buffer.length || offset > sizeBytes) break
  }
  return hasher.digests()
}

async function sync(handle: FileHandle, path: string): Promise<void> {
  try {
    await handle.sync()
  } catch (cause) {
    throw new FailedSyncError(
      `Cannot sync ${path}: found ${describeErrno(cause)}, wanted a disk that works; what was written there may be lost, so write it there anew`,
      { cause },
    )
  }
}

async function writeCopy(piece: Uint8Array, { copy, copyTo = '' }: Reading): Promise<void> {
  await namingPath(copyTo, async () => copy?.writeFile(piece))
}

/** Read until the buffer is full or the file ends; one read may give less. */
async function fill(handle: FileHandle, buffer: Buffer, offset: number): Promise<number> {
  let length = 0
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, offset + length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return length
}

function unsteady(when: 'before' | 'while'): UnsteadyFileError {
  return new UnsteadyFileError(
    when === 'before' ? 'changed since it was listed' : 'changed while it was read',
  )
}
