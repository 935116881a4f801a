// jarswarm scan 1
// <path> <sha256> <sha1> <size> <mtime> <piece list or -> <stamp or -> <other sha256 or -> <checksum>
// <path> - <checksum>
//
// One line for each artifact of the index, in ascending order of paths. `stamp` tells when the file need not be read
// again, `-` that it is not there. The last field is the digest of a release whose bytes are no longer those that
// were published.
//
// A scan record is one such file, and others over it that hold what changed since: of the lines for one path that of
// the newest file counts. The short line says that the path has left. The checksum is the CRC-32 of what stands before
// it and its space, in 8 hex digits: what a disk spoils here would be signed. Older files have none.
import { crc32 } from 'node:zlib'
import type { Digest, IndexEntry } from '@jarswarm/manifest'
import { parsePath } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { CorruptStateError } from './errors.ts'
import { inTurns } from './in-turns.ts'
import { readLines } from './read-lines.ts'

/** First line of each file of a scan record. */
export const SCAN_RECORD_HEADER = 'jarswarm scan 1\n'

const LINE =
  /^([!-~]+) ([0-9a-f]{64}) ([0-9a-f]{40}) ([0-9]{1,16}) ([0-9]{1,16}) (-|[0-9a-f]{64}) ([-0-9.+]+) (-|[0-9a-f]{64})$/
const LEFT = /^([!-~]+) -$/
const CHECKSUM = /^ [0-9a-f]{8}$/
const CHECKSUM_CHARS = ' 01234567'.length

/** What was last published at a path, and what its file was like then. */
export interface RecordedFile {
  readonly entry: IndexEntry
  /** As `stampOf` gives it; undefined when the file was not there, or has to be read again in any case. */
  readonly stamp: string | undefined
  /** Digest of the bytes that stand in the place of a published release. */
  readonly refused: Digest | undefined
}

/** What one file of a record says of a path. */
export interface RecordLine {
  readonly path: RepositoryPath
  /** Undefined when nothing is published there any more. */
  readonly file: RecordedFile | undefined
}

/** Write one line. */
export function formatRecordLine({ path, file }: RecordLine): string {
  if (file === undefined) return seal(`${path} -`)
  const { entry, stamp, refused } = file
  const fields = [
    path,
    entry.digest,
    entry.sha1,
    entry.sizeBytes,
    entry.mtimeSeconds,
    entry.pieceList ?? '-',
    stamp ?? '-',
    refused ?? '-',
  ]
  return seal(fields.join(' '))
}

function seal(text: string): string {
  return `${text} ${crc32(text).toString(16).padStart(8, '0')}\n`
}

/**
 * Make sure that a line is as it was written.
 *
 * @throws {CorruptStateError}
 */
export function checkRecordLine(line: string, name: string): void {
  if (openLine(line, name) === line) parseRecordLine(line, name)
}

/** @returns the line without its checksum; the line itself when it has none */
function openLine(line: string, name: string): string {
  const checksum = line.slice(-CHECKSUM_CHARS)
  if (!CHECKSUM.test(checksum)) return line
  const text = line.slice(0, -CHECKSUM_CHARS)
  if (Number.parseInt(checksum, 16) !== crc32(text)) throw corrupt(name, line)
  return text
}

/**
 * Read one line, without its end.
 *
 * @param name of its file, for the error
 * @throws {CorruptStateError}
 */
export function parseRecordLine(line: string, name: string): RecordLine {
  const opened = openLine(line, name)
  const match = LINE.exec(opened)
  if (match === null) {
    const [, left] = LEFT.exec(opened) ?? []
    if (left === undefined) throw corrupt(name, line)
    return { path: parsePath(left), file: undefined }
  }
  const [, text = '', digest = '', sha1 = '', size, mtime, pieces, stamp, refused] = match
  const path = parsePath(text)
  return {
    path,
    file: {
      entry: {
        path,
        digest,
        sha1,
        sizeBytes: Number(size),
        mtimeSeconds: Number(mtime),
        pieceList: orNothing(pieces),
      },
      stamp: orNothing(stamp),
      refused: orNothing(refused),
    },
  }
}

/**
 * Read a scan record, ascending by path, and let others run now and then.
 *
 * @param files of it, the oldest first
 * @throws {CorruptStateError} when a line is malformed or out of order
 */
export function readScanRecord(
  files: readonly string[],
): AsyncGenerator<RecordedFile, void, undefined> {
  return inTurns(recordedFiles(files))
}

/** As `readScanRecord`, for whoever lets others run already. */
export function* recordedFiles(files: readonly string[]): Generator<RecordedFile, void, undefined> {
  for (const { file } of mergeRecordFiles(files)) if (file !== undefined) yield file
}

/** The lines that count, ascending by path; with what has left since the oldest of these files. */
export function mergeRecordFiles(files: readonly string[]): Iterable<RecordLine> {
  return files.map(readRecordFile).reduce<Iterable<RecordLine>>(layOver, [])
}

function* readRecordFile(name: string): Generator<RecordLine, void, undefined> {
  let isHeader = true
  let last = ''
  for (const text of readLines(name)) {
    if (isHeader) {
      if (`${text}\n` !== SCAN_RECORD_HEADER) throw corrupt(name, text)
      isHeader = false
      continue
    }
    const line = parseRecordLine(text, name)
    if (line.path <= last) throw corrupt(name, text)
    last = line.path
    yield line
  }
  if (isHeader) throw corrupt(name, '')
}

/** Of two lines for one path the upper one counts. */
function* layOver(
  lower: Iterable<RecordLine>,
  upper: Iterable<RecordLine>,
): Generator<RecordLine, void, undefined> {
  const over = upper[Symbol.iterator]()
  try {
    let next = over.next()
    for (const line of lower) {
      while (next.done !== true && next.value.path < line.path) {
        yield next.value
        next = over.next()
      }
      if (next.done !== true && next.value.path === line.path) continue
      yield line
    }
    for (; next.done !== true; next = over.next()) yield next.value
  } finally {
    over.return?.()
  }
}

function orNothing(field: string | undefined): string | undefined {
  return field === '-' ? undefined : field
}

function corrupt(name: string, line: string): Error {
  return new CorruptStateError(
    `Cannot read ${name}: found ${JSON.stringify(line.slice(0, 200))}, wanted a line of the scan record, in order`,
  )
}
