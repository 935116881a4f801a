import type { IndexEntry } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import { StorageFailedError } from '@jarswarm/ports'

const LINE = /^([0-9a-f]{64}) ([0-9a-f]{40}) (\d{1,16}) (\d{1,16}) ([0-9a-f]{64}|-)$/

/** The value of a path in the database: `digest sha1 size mtime piece-list`, the last `-` when there is none. */
export function formatEntryLine(entry: IndexEntry): string {
  const { digest, sha1, sizeBytes, mtimeSeconds, pieceList } = entry
  return `${digest} ${sha1} ${String(sizeBytes)} ${String(mtimeSeconds)} ${pieceList ?? '-'}`
}

/** @throws {StorageFailedError} when the database returned what was never written to it */
export function parseEntryLine(path: string, line: string): IndexEntry {
  const fields = LINE.exec(line)
  if (fields === null) {
    throw new StorageFailedError(
      `Cannot read the index entry of ${path}: found ${JSON.stringify(line)}, wanted digest, SHA-1, size, time and piece list`,
    )
  }
  const [, digest = '', sha1 = '', size, mtime, pieceList] = fields
  return {
    path: path as RepositoryPath,
    digest,
    sha1,
    sizeBytes: Number(size),
    mtimeSeconds: Number(mtime),
    pieceList: pieceList === '-' ? undefined : pieceList,
  }
}
