// jarswarm scan 1
// <path> <sha256> <sha1> <size> <mtime> <piece list or -> <stamp or -> <other sha256 or ->
//
// One line for each artifact of the index, in ascending order of paths. `stamp` tells when the file need not be read
// again, `-` that it is not there. The last field is the digest of a release whose bytes are no longer those that
// were published.
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Digest, IndexEntry } from '@jarswarm/manifest'
import { parsePath } from '@jarswarm/maven'
import { CorruptStateError } from './errors.ts'

/** First line of a scan record. */
export const SCAN_RECORD_HEADER = 'jarswarm scan 1\n'

const LINE =
  /^([!-~]+) ([0-9a-f]{64}) ([0-9a-f]{40}) ([0-9]{1,16}) ([0-9]{1,16}) (-|[0-9a-f]{64}) ([-0-9.+]+) (-|[0-9a-f]{64})$/

/** What was last published at a path, and what its file was like then. */
export interface RecordedFile {
  readonly entry: IndexEntry
  /** As `stampOf` gives it; undefined when the file was not there, or has to be read again in any case. */
  readonly stamp: string | undefined
  /** Digest of the bytes that stand in the place of a published release. */
  readonly refused: Digest | undefined
}

/** Write one line. */
export function formatRecordedFile({ entry, stamp, refused }: RecordedFile): string {
  const fields = [
    entry.path,
    entry.digest,
    entry.sha1,
    entry.sizeBytes,
    entry.mtimeSeconds,
    entry.pieceList ?? '-',
    stamp ?? '-',
    refused ?? '-',
  ]
  return `${fields.join(' ')}\n`
}

/**
 * Read a scan record, line by line.
 *
 * @throws {CorruptStateError} when a line is malformed or out of order
 */
export async function* readScanRecord(path: string): AsyncGenerator<RecordedFile> {
  const lines = createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity })
  let number = 0
  let last = ''
  for await (const line of lines) {
    number += 1
    if (number === 1) {
      if (`${line}\n` !== SCAN_RECORD_HEADER) throw corrupt(path, { number, line })
      continue
    }
    const recorded = parseRecordedFile(line)
    if (recorded === undefined || recorded.entry.path <= last) throw corrupt(path, { number, line })
    last = recorded.entry.path
    yield recorded
  }
}

function parseRecordedFile(line: string): RecordedFile | undefined {
  const match = LINE.exec(line)
  if (match === null) return undefined
  const [, path = '', digest = '', sha1 = '', size, mtime, pieces, stamp, refused] = match
  return {
    entry: {
      path: parsePath(path),
      digest,
      sha1,
      sizeBytes: Number(size),
      mtimeSeconds: Number(mtime),
      pieceList: orNothing(pieces),
    },
    stamp: orNothing(stamp),
    refused: orNothing(refused),
  }
}

function orNothing(field: string | undefined): string | undefined {
  return field === '-' ? undefined : field
}

function corrupt(path: string, at: { readonly number: number; readonly line: string }): Error {
  return new CorruptStateError(
    `Cannot read ${path}: found ${JSON.stringify(at.line.slice(0, 200))} in line ${String(at.number)}, wanted a line of the scan record`,
  )
}
