import { PIECE_BYTES } from '@jarswarm/manifest'
import type { IndexEntry } from '@jarswarm/manifest'
import { UnavailableError } from '@jarswarm/ports'
import type { AbortOptions, ArtifactContent, BlobStore, ByteRange } from '@jarswarm/ports'

/** Content of a blob that is in the store; undefined when it is not. */
export async function storedContent(
  blobs: BlobStore,
  entry: IndexEntry,
): Promise<ArtifactContent | undefined> {
  const hold = blobs.hold(entry.digest)
  let held = true
  const release = (): void => {
    if (held) hold.release()
    held = false
  }
  try {
    if (await blobs.has(entry.digest)) {
      const read = (range: ByteRange, options: AbortOptions): AsyncIterable<Uint8Array> =>
        readStored(blobs, entry, { ...range, ...options })
      return { source: 'store', sizeBytes: entry.sizeBytes, read, release }
    }
  } catch (error) {
    release()
    throw error
  }
  release()
  return undefined
}

async function* readStored(
  blobs: BlobStore,
  entry: IndexEntry,
  range: ByteRange & AbortOptions,
): AsyncGenerator<Uint8Array> {
  const end = range.offset + range.length
  for (let offset = range.offset; offset < end; offset += PIECE_BYTES) {
    range.signal?.throwIfAborted()
    const length = Math.min(PIECE_BYTES, end - offset)
    const bytes = await blobs.read(entry.digest, { offset, length })
    if (bytes === undefined) {
      throw new UnavailableError(`Cannot read ${entry.path}: it left the store meanwhile`)
    }
    yield bytes
  }
}
