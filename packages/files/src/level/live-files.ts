/**
 * Which files belong to a LevelDB database, from its `MANIFEST`: others may be left over from a crash, and are not whole.
 *
 * ```
 * record = field*, each a tag and what FIELDS says
 * ```
 */
import { FieldReader } from './field-reader.ts'
import { readLog } from './log-file.ts'

const [JOURNAL, REMOVED_TABLE, ADDED_TABLE] = [2, 6, 7]
/** What follows a tag: `n` a number, `b` the length of bytes and the bytes. */
const FIELDS: Readonly<Record<number, string>> = {
  1: 'b', // comparator
  [JOURNAL]: 'n',
  3: 'n', // next file
  4: 'n', // last sequence
  5: 'nb', // level and key at which the next compaction begins
  [REMOVED_TABLE]: 'nn', // level, table
  [ADDED_TABLE]: 'nnnbb', // level, table, size, first key, last key
  9: 'n', // previous journal
}

/** By the numbers in their names. */
export interface LiveFiles {
  /** Sizes in bytes. */
  readonly tables: ReadonlyMap<number, number>
  /** The oldest one that is not in the tables; 0 before there is any. Newer ones belong to the database, too. */
  readonly journal: number
}

/** @throws {RangeError} when it makes no sense */
export function readLiveFiles(manifest: Uint8Array): LiveFiles {
  const tables = new Map<number, number>()
  let journal = 0
  for (const record of readLog(manifest)) {
    for (const { tag, numbers } of fieldsOf(record)) {
      const [first = 0, table = 0, sizeBytes = 0] = numbers
      if (tag === JOURNAL) journal = first
      if (tag === REMOVED_TABLE) tables.delete(table)
      if (tag === ADDED_TABLE) tables.set(table, sizeBytes)
    }
  }
  return { tables, journal }
}

function* fieldsOf(
  record: Uint8Array,
): Generator<{ readonly tag: number; readonly numbers: readonly number[] }, void, undefined> {
  const fields = new FieldReader(record)
  while (!fields.isAtEnd) {
    const tag = fields.number()
    const numbers = Array.from(formOf(tag), (kind) => {
      const value = fields.number()
      if (kind === 'b') fields.bytes(value)
      return value
    })
    yield { tag, numbers }
  }
}

function formOf(tag: number): string {
  const form = FIELDS[tag]
  if (form === undefined) throw new RangeError(`found tag ${String(tag)}, wanted one that is known`)
  return form
}
