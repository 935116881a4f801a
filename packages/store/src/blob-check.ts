import type { Digest } from '@jarswarm/manifest'
import type { AbortOptions, BlobChange, CheckFinding } from '@jarswarm/ports'
import { FOLDERS } from './blob-files.ts'
import type { BlobFiles } from './blob-files.ts'
import type { BlobRecords } from './blob-records.ts'
import type { Mutex } from './mutex.ts'
import { isMissingFile, toStorageError } from './storage-error.ts'

export interface BlobCheckComponents {
  readonly files: BlobFiles
  readonly records: BlobRecords
  readonly changes: Mutex
  readonly tell: (change: BlobChange) => void
}

type CheckOptions = AbortOptions & { readonly repair?: boolean }

/**
 * Read every blob again, folder by folder.
 *
 * With `repair`, a damaged blob loses its record and its file goes to `damaged/`; a record without file goes;
 * a sound file without record gets one.
 */
export async function* checkBlobs(
  components: BlobCheckComponents,
  options: CheckOptions,
): AsyncGenerator<CheckFinding, void, undefined> {
  for (const folder of FOLDERS) {
    for await (const [digest] of components.records.list(folder)) {
      const finding = await checkRecorded(components, digest, options)
      if (finding !== undefined) yield finding
    }
    for (const digest of await components.files.digestsIn(folder)) {
      const finding = await checkUnrecorded(components, digest, options)
      if (finding !== undefined) yield finding
    }
  }
}

async function checkRecorded(
  components: BlobCheckComponents,
  digest: Digest,
  options: CheckOptions,
): Promise<CheckFinding | undefined> {
  const { files, records } = components
  options.signal?.throwIfAborted()
  const found = await examine(components, digest, options)
  if (found === undefined) return undefined
  // The blob may have been evicted, or evicted and stored again, while it was read: look once more, alone.
  return components.changes.run(async () => {
    const record = await records.get(digest)
    if (record === undefined) return undefined
    const finding = await examine(components, digest, options)
    if (finding === undefined || options.repair !== true) return finding
    await records.remove([{ digest, record }])
    if (finding.kind === 'corrupt') await files.setAside(digest)
    components.tell({ kind: 'removed', digest })
    return finding
  })
}

async function examine(
  { files, records }: BlobCheckComponents,
  digest: Digest,
  options: CheckOptions,
): Promise<CheckFinding | undefined> {
  const record = await records.get(digest)
  if (record === undefined) return undefined
  try {
    const found = await files.hash(digest, options)
    if (found.digest !== digest) {
      return { kind: 'corrupt', digest, detail: `found SHA-256 ${found.digest}` }
    }
    if (found.sizeBytes === record.sizeBytes) return undefined
    // The bytes match, so that the size is the record's mistake; it goes the same way.
    const detail = `found ${String(found.sizeBytes)} bytes, wanted ${String(record.sizeBytes)}`
    return { kind: 'corrupt', digest, detail }
  } catch (error) {
    options.signal?.throwIfAborted()
    if (isMissingFile(error)) return { kind: 'missing', digest, detail: 'found no file' }
    const { message } = toStorageError(error, `read blob ${digest}`)
    return { kind: 'corrupt', digest, detail: message }
  }
}

async function checkUnrecorded(
  components: BlobCheckComponents,
  digest: Digest,
  options: CheckOptions,
): Promise<CheckFinding | undefined> {
  const { files, records } = components
  options.signal?.throwIfAborted()
  if ((await records.get(digest)) !== undefined) return undefined
  // Between its name and its record a blob is only in the hands of whoever holds the mutex.
  return components.changes.run(async () => {
    const stat = await files.stat(digest)
    if (stat === undefined || (await records.get(digest)) !== undefined) return undefined
    const found = await files.hash(digest, options)
    if (options.repair === true) {
      if (found.digest === digest) {
        const pinned = files.isPinned(stat)
        await records.put([{ digest, sizeBytes: stat.sizeBytes, pinned }])
        components.tell({ kind: 'added', digest })
      } else await files.setAside(digest)
    }
    const detail = `found a file of ${String(stat.sizeBytes)} bytes without record`
    return { kind: 'unreferenced', digest, detail }
  })
}
