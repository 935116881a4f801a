import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { MAX_ARTIFACT_BYTES, PIECE_BYTES } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import type { SidecarAlgorithm } from '@jarswarm/maven'
import { isUnchanged } from './tree-file.ts'
import type { TreeFile } from './tree-file.ts'

/** The digests of a file, computed in one pass. */
export interface FileDigests {
  readonly digest: Digest
  readonly sha1: string
  readonly sizeBytes: number
  /** SHA-256 of each piece; undefined when the file fits one piece. */
  readonly pieces: readonly Digest[] | undefined
  /** The hashes that sidecars of the file state. */
  readonly stated: ReadonlyMap<SidecarAlgorithm, string>
}

/** The file was not the same before and after it was read; it is still being written. */
export class UnsteadyFileError extends Error {
  override readonly name = 'UnsteadyFileError'
  readonly code = 'ERR_UNSTEADY_FILE'
}

export interface HashFileOptions {
  /** Where to write the bytes that were hashed, not synced; a copy of an unsteady file must be thrown away. */
  readonly copyTo?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Hash a file piece by piece: SHA-256, SHA-1, the pieces', and whatever its sidecars state.
 *
 * @throws {UnsteadyFileError} when it is not what the walk saw, or changes meanwhile
 * @throws {RangeError} when it is too large for a piece list
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
  // A link or a fifo put here since the walk is not followed and does not block.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  await using handle = await open(file.realPath, flags)
  if (!isUnchanged(file.stat, await handle.stat({ bigint: true }))) throw unsteady('before')
  await using copy = options.copyTo === undefined ? undefined : await open(options.copyTo, 'wx')
  const digests = await hashPieces(file, { handle, copy, signal: options.signal })
  const after = await stat(file.realPath, { bigint: true })
  if (!isUnchanged(file.stat, after) || digests.sizeBytes !== Number(file.stat.size)) {
    throw unsteady('while')
  }
  return digests
}

interface Reading {
  readonly handle: FileHandle
  readonly copy: FileHandle | undefined
  readonly signal: AbortSignal | undefined
}

async function hashPieces(file: TreeFile, reading: Reading): Promise<FileDigests> {
  const sizeBytes = Number(file.stat.size)
  const hashes = new Map<string, Hash>(
    ['sha256', 'sha1', ...file.sidecars.map(({ algorithm }) => algorithm)].map((name) => [
      name,
      createHash(name),
    ]),
  )
  const pieces: Digest[] | undefined = sizeBytes > PIECE_BYTES ? [] : undefined
  const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, sizeBytes + 1))
  let offset = 0
  for (;;) {
    reading.signal?.throwIfAborted()
    const length = await fill(reading.handle, buffer, offset)
    const piece = buffer.subarray(0, length)
    for (const hash of hashes.values()) hash.update(piece)
    if (length > 0) {
      pieces?.push(createHash('sha256').update(piece).digest('hex'))
      await reading.copy?.writeFile(piece)
    }
    offset += length
    // One byte more than expected is enough to know that the file grew.
    if (length < buffer.length || offset > sizeBytes) break
  }
  const stated = new Map([...hashes].map(([name, hash]) => [name, hash.digest('hex')]))
  return {
    digest: stated.get('sha256') ?? '',
    sha1: stated.get('sha1') ?? '',
    sizeBytes: offset,
    pieces,
    stated: stated as ReadonlyMap<SidecarAlgorithm, string>,
  }
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
