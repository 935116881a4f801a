import type { Digest } from '@jarswarm/manifest'
import type { BlobStore, ByteRange } from '@jarswarm/ports'

/** Part of a stored blob. The range is a peer's: one that leaves the blob is answered as not held. */
export async function readRange(
  blobs: BlobStore,
  digest: Digest,
  range: ByteRange,
): Promise<Uint8Array | undefined> {
  const stat = await blobs.stat(digest)
  if (stat === undefined || range.offset + range.length > stat.sizeBytes) return undefined
  return await blobs.read(digest, range)
}
