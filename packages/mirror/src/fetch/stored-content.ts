import { parsePieceList, PIECE_BYTES, sha256 } from '@jarswarm/manifest'
import type { Digest, IndexEntry } from '@jarswarm/manifest'
import { UnavailableError } from '@jarswarm/ports'
import type { AbortOptions, ArtifactContent, BlobStore, ByteRange, Logger } from '@jarswarm/ports'
import { createHash } from 'node:crypto'

export interface StoredContentComponents {
  readonly blobs: BlobStore
  readonly logger: Logger
  /** A piece list that is here; asks nobody. */
  readonly readLocalObject: (digest: Digest) => Promise<Uint8Array | undefined>
}

/**
 * Content of a blob that is in the store; undefined when it is not.
 *
 * Disks lose bits: what is read is compared again before it leaves, a small blob here and a large one piece by piece.
 * A damaged blob is dropped, so that it is fetched anew.
 */
export async function storedContent(
  components: StoredContentComponents,
  entry: IndexEntry,
): Promise<ArtifactContent | undefined> {
  const { blobs } = components
  const hold = blobs.hold(entry.digest)
  let held = true
  const release = (): void => {
    if (held) hold.release()
    held = false
  }
  try {
    const read = await openStored(components, entry)
    if (read !== undefined) return { source: 'store', sizeBytes: entry.sizeBytes, read, release }
  } catch (error) {
    release()
    throw error
  }
  release()
  return undefined
}

async function openStored(
  components: StoredContentComponents,
  entry: IndexEntry,
): Promise<ArtifactContent['read'] | undefined> {
  const { blobs } = components
  if (!(await blobs.has(entry.digest))) return undefined
  if (entry.pieceList !== undefined) {
    return (range, options) => readPieces(components, entry, { ...range, ...options })
  }
  const bytes = await blobs.read(entry.digest)
  if (bytes === undefined) return undefined
  if (sha256(bytes) === entry.digest) return (range) => sliceOf(bytes, range)
  await drop(components, entry)
  return undefined
}

async function* sliceOf(
  bytes: Uint8Array,
  { offset, length }: ByteRange,
): AsyncGenerator<Uint8Array> {
  await Promise.resolve()
  if (length > 0) yield bytes.subarray(offset, offset + length)
}

async function* readPieces(
  components: StoredContentComponents,
  entry: IndexEntry,
  range: ByteRange & AbortOptions,
): AsyncGenerator<Uint8Array> {
  const digests = await pieceDigests(components, entry, range)
  const end = range.offset + range.length
  for (let at = Math.floor(range.offset / PIECE_BYTES); at * PIECE_BYTES < end; at += 1) {
    range.signal?.throwIfAborted()
    const offset = at * PIECE_BYTES
    const bytes = await readPiece(components, entry, offset)
    if (sha256(bytes) !== digests[at]) throw await damaged(components, entry)
    yield bytes.subarray(Math.max(range.offset - offset, 0), end - offset)
  }
}

/** From the piece list; without one, from the blob itself after all of it was compared. */
async function pieceDigests(
  components: StoredContentComponents,
  entry: IndexEntry,
  { signal }: AbortOptions,
): Promise<readonly Digest[]> {
  const list = await components.readLocalObject(entry.pieceList ?? '')
  if (list !== undefined && sha256(list) === entry.pieceList) {
    return parsePieceList(list, entry.sizeBytes)
  }
  const whole = createHash('sha256')
  const digests: Digest[] = []
  for (let offset = 0; offset < entry.sizeBytes; offset += PIECE_BYTES) {
    signal?.throwIfAborted()
    const bytes = await readPiece(components, entry, offset)
    whole.update(bytes)
    digests.push(sha256(bytes))
  }
  if (whole.digest('hex') !== entry.digest) throw await damaged(components, entry)
  return digests
}

async function readPiece(
  { blobs }: StoredContentComponents,
  { digest, path, sizeBytes }: IndexEntry,
  offset: number,
): Promise<Uint8Array> {
  const length = Math.min(PIECE_BYTES, sizeBytes - offset)
  const bytes = await blobs.read(digest, { offset, length })
  if (bytes !== undefined) return bytes
  throw new UnavailableError(`Cannot read ${path}: it left the store meanwhile`)
}

async function damaged(
  components: StoredContentComponents,
  entry: IndexEntry,
): Promise<UnavailableError> {
  await drop(components, entry)
  return new UnavailableError(`Cannot read ${entry.path}: the stored file was damaged, try again`)
}

async function drop({ blobs, logger }: StoredContentComponents, entry: IndexEntry): Promise<void> {
  logger.warn({ path: entry.path, digest: entry.digest }, 'a stored file was damaged: dropped')
  await blobs.delete(entry.digest)
}
