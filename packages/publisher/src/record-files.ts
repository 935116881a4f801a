import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isErrno } from './errno.ts'
import { CorruptStateError } from './errors.ts'

/** Of a state from the time when all of a record was in one file. */
const SINGLE_NAME = 'record'
const NAME = /^record(?:\.([1-9][0-9]{0,14}))?$/

/** One file of a scan record, in the directory of its state. */
export interface RecordFile {
  readonly name: string
  readonly sizeBytes: number
}

/** The scan record of a state. */
export interface PlacedRecord {
  readonly directory: string
  /** The oldest first. */
  readonly files: readonly RecordFile[]
}

/** Where its files are, the oldest first. */
export function recordPaths({ directory, files }: PlacedRecord): readonly string[] {
  return files.map(({ name }) => join(directory, name))
}

/** A name that none of these files has. */
export function nextRecordName(files: readonly RecordFile[]): string {
  const numbers = files.map(({ name }) => Number(NAME.exec(name)?.[1] ?? 0))
  return `${SINGLE_NAME}.${String(Math.max(0, ...numbers) + 1)}`
}

/**
 * The files of the record in a state's directory.
 *
 * @param files as the state lists them; undefined of one that is older than the list
 * @throws {CorruptStateError} when a file is not there, or was cut short
 */
export async function checkRecordFiles(
  directory: string,
  files: readonly RecordFile[] | undefined,
): Promise<readonly RecordFile[]> {
  if (files === undefined) {
    return [{ name: SINGLE_NAME, sizeBytes: await sizeOf(join(directory, SINGLE_NAME)) }]
  }
  for (const { name, sizeBytes } of files) {
    const path = join(directory, name)
    const found = await sizeOf(path)
    if (NAME.test(name) && found === sizeBytes) continue
    throw new CorruptStateError(
      `Cannot read ${path}: found ${String(found)} bytes, wanted ${String(sizeBytes)} of a scan record`,
    )
  }
  return files
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (cause) {
    if (!isErrno(cause, 'ENOENT')) throw cause
    throw new CorruptStateError(`Cannot read ${path}: found nothing, wanted a scan record`, {
      cause,
    })
  }
}
