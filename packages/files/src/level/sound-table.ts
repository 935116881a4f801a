/**
 * A table of a LevelDB database, a file of blocks.
 *
 * ```
 * table  = block* | footer
 * block  = contents | type u8 (0 as they are, 1 Snappy) | CRC-32C of contents and type u32
 * footer = handle of the meta index | handle of the index | zeros to 40 bytes | magic u64
 * handle = offset varint | size of contents varint
 * index  = entry* | offsets u32 each | number of offsets u32
 * entry  = shared varint | length of key varint | length of value varint | key | value, a handle
 * ```
 *
 * The index names all blocks of data, the meta index that of the filter. Numbers of fixed length are little-endian.
 */
import { uncompress } from 'snappyjs'
import { MAX_TABLE_INDEX_BYTES } from '../limits.ts'
import { fitsChecksum } from './checksum.ts'
import { FieldReader } from './field-reader.ts'

const FOOTER_BYTES = 48
const MAGIC = 0xdb4775248b80fb57n
const TRAILER_BYTES = 5
const SNAPPY = 1

/**
 * Compare each block of a table with its checksum, which LevelDB does not do when it reads: it trusts lengths and offsets in them,
 * and ends the process, or worse, when they are wrong.
 */
export function isSoundTable(table: Uint8Array): boolean {
  try {
    return areSoundBlocks(table)
  } catch {
    // Checksums fit, and lengths in it do not: no LevelDB wrote this.
    return false
  }
}

function areSoundBlocks(table: Uint8Array): boolean {
  const footer = table.subarray(-FOOTER_BYTES)
  if (viewOf(footer).getBigUint64(FOOTER_BYTES - 8, true) !== MAGIC) return false
  const handles = new FieldReader(footer)
  for (const index of [readHandle(handles), readHandle(handles)]) {
    const block = soundBlock(table, index)
    if (block === undefined) return false
    for (const handle of handlesIn(contentsOf(block))) {
      if (soundBlock(table, handle) === undefined) return false
    }
  }
  return true
}

interface Handle {
  readonly offset: number
  readonly sizeBytes: number
}

function readHandle(fields: FieldReader): Handle {
  return { offset: fields.number(), sizeBytes: fields.number() }
}

/** @returns contents and type; undefined when they do not fit their checksum */
function soundBlock(table: Uint8Array, { offset, sizeBytes }: Handle): Uint8Array | undefined {
  const end = offset + sizeBytes + 1
  if (offset + sizeBytes + TRAILER_BYTES > table.length - FOOTER_BYTES) return undefined
  const block = table.subarray(offset, end)
  return fitsChecksum(block, viewOf(table).getUint32(end, true)) ? block : undefined
}

function contentsOf(block: Uint8Array): Uint8Array {
  const contents = block.subarray(0, -1)
  return block.at(-1) === SNAPPY ? uncompress(contents, MAX_TABLE_INDEX_BYTES) : contents
}

function* handlesIn(index: Uint8Array): Generator<Handle> {
  const offsets = viewOf(index).getUint32(index.length - 4, true)
  const entries = new FieldReader(index.subarray(0, index.length - 4 * (offsets + 1)))
  while (!entries.isAtEnd) {
    entries.number()
    const keyBytes = entries.number()
    const valueBytes = entries.number()
    entries.bytes(keyBytes)
    yield readHandle(new FieldReader(entries.bytes(valueBytes)))
  }
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length)
}
