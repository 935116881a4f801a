import { sha256 } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import { FOLDERS } from './blob-files.ts'
import type { BlobFiles } from './blob-files.ts'
import type { BlobRecord, BlobRecords } from './blob-records.ts'

const EMPTY_DIGEST = sha256(new Uint8Array())

/** Records that are written at once while they are rebuilt. */
const REBUILD_GROUP = 500

export interface RebuildResult {
  /** Files that had no record and got one. */
  readonly adopted: number
  /** Records that had no file and went. */
  readonly dropped: number
  /** Empty files that were set aside. */
  readonly setAside: number
}

/**
 * Make the records agree with the files, which are the truth.
 *
 * A file got its name only after its bytes had matched its digest and were synced, so its size is taken as it
 * is and its bytes are hashed only by `check`. The exception is an empty file: some file systems leave one
 * after a power cut where a write was lost, and only the empty blob may have no bytes.
 */
export async function rebuildRecords(components: {
  readonly files: BlobFiles
  readonly records: BlobRecords
}): Promise<RebuildResult> {
  const { files, records } = components
  const result = { adopted: 0, dropped: 0, setAside: 0 }
  for (const folder of FOLDERS) {
    const named = new Set(await files.digestsIn(folder))
    const lost: { digest: Digest; record: BlobRecord }[] = []
    for await (const [digest, record] of records.list(folder)) {
      if (!named.delete(digest)) lost.push({ digest, record })
    }
    await records.remove(lost)
    result.dropped += lost.length
    const found = [...named]
    for (let at = 0; at < found.length; at += REBUILD_GROUP) {
      const group = found.slice(at, at + REBUILD_GROUP)
      const adopted = await adopt(components, group)
      result.adopted += adopted
      result.setAside += group.length - adopted
    }
  }
  // Also says that there are records now, be they none.
  await records.put([])
  return result
}

/** @returns how many were adopted; the others are set aside */
async function adopt(
  { files, records }: { readonly files: BlobFiles; readonly records: BlobRecords },
  digests: readonly Digest[],
): Promise<number> {
  const stats = await Promise.all(
    digests.map(async (digest) => ({ digest, stat: await files.stat(digest) })),
  )
  const sound = stats.flatMap(({ digest, stat }) =>
    stat !== undefined && (stat.sizeBytes > 0 || digest === EMPTY_DIGEST)
      ? [{ digest, sizeBytes: stat.sizeBytes, pinned: files.isPinned(stat) }]
      : [],
  )
  const kept = new Set(sound.map(({ digest }) => digest))
  for (const digest of digests) {
    if (!kept.has(digest)) await files.setAside(digest)
  }
  if (sound.length > 0) await records.put(sound)
  return sound.length
}
