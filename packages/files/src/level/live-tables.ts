/**
 * Which tables belong to a LevelDB database, from its `MANIFEST`: others may be left over from a crash, and are not whole.
 *
 * ```
 * file     = blocks of 32 KiB, the last one shorter
 * block    = fragment* and zeros of less than 7 bytes
 * fragment = CRC-32C of type and bytes u32 | length u16 | type u8 (1 whole, 2 first, 3 middle, 4 last) | bytes
 * record   = a whole fragment, or first, middle*, last
 *          = field*, each a tag and what FIELDS says
 * ```
 *
 * Numbers of fixed length are little-endian. What makes no sense here LevelDB, which compares these checksums, finds too.
 */
import { fitsChecksum } from './checksum.ts'
import { FieldReader } from './field-reader.ts'

const BLOCK_BYTES = 32 * 1024
const HEADER_BYTES = 7
const [WHOLE, FIRST, LAST] = [1, 2, 4]

const [REMOVED_TABLE, ADDED_TABLE] = [6, 7]
/** What follows a tag: `n` a number, `b` the length of bytes and the bytes. */
const FIELDS: Readonly<Record<number, string>> = {
  1: 'b', // comparator
  2: 'n', // journal
  3: 'n', // next file
  4: 'n', // last sequence
  5: 'nb', // level and key at which the next compaction begins
  [REMOVED_TABLE]: 'nn', // level, table
  [ADDED_TABLE]: 'nnnbb', // level, table, size, first key, last key
  9: 'n', // previous journal
}

/** @returns sizes in bytes, by the numbers in the names of the tables. @throws {RangeError} when it makes no sense */
export function readLiveTables(manifest: Uint8Array): ReadonlyMap<number, number> {
  const tables = new Map<number, number>()
  for (const record of recordsOf(manifest)) applyEdit(tables, record)
  return tables
}

function applyEdit(tables: Map<number, number>, record: Uint8Array): void {
  const fields = new FieldReader(record)
  while (!fields.isAtEnd) {
    const tag = fields.number()
    const [, table = 0, sizeBytes = 0] = Array.from(formOf(tag), (kind) => {
      const value = fields.number()
      if (kind === 'b') fields.bytes(value)
      return value
    })
    if (tag === REMOVED_TABLE) tables.delete(table)
    if (tag === ADDED_TABLE) tables.set(table, sizeBytes)
  }
}

function formOf(tag: number): string {
  const form = FIELDS[tag]
  if (form === undefined) throw new RangeError(`found tag ${String(tag)}, wanted one that is known`)
  return form
}

function* recordsOf(log: Uint8Array): Generator<Uint8Array> {
  let parts: Uint8Array[] = []
  for (let at = 0; at < log.length; at += BLOCK_BYTES) {
    for (const { type, bytes } of fragmentsOf(log.subarray(at, at + BLOCK_BYTES))) {
      if (type === WHOLE || type === FIRST) parts = []
      parts.push(bytes)
      if (type === WHOLE || type === LAST) yield Buffer.concat(parts)
    }
  }
}

function* fragmentsOf(block: Uint8Array): Generator<{ type: number; bytes: Uint8Array }> {
  const view = new DataView(block.buffer, block.byteOffset, block.length)
  let at = 0
  while (at + HEADER_BYTES <= block.length) {
    const type = view.getUint8(at + 6)
    const end = at + HEADER_BYTES + view.getUint16(at + 4, true)
    // A write that was cut short, at the end of the file; elsewhere LevelDB says that it leaves something out.
    if (type === 0 || end > block.length) return
    if (!fitsChecksum(block.subarray(at + 6, end), view.getUint32(at, true))) return
    yield { type, bytes: block.subarray(at + HEADER_BYTES, end) }
    at = end
  }
}
