import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import crc32c from 'crc-32/crc32c.js'
import { compress } from 'snappyjs'
import { encode } from 'uint8-varint'
import { isSoundTable } from '../src/level/sound-table.ts'
import { MAX_TABLE_INDEX_BYTES } from '../src/limits.ts'

const MASK_DELTA = 0xa282ead8
const MAGIC = 0xdb4775248b80fb57n

/** Contents with their type and checksum. */
function block(contents: Uint8Array, type: number): Buffer {
  const bytes = Buffer.concat([contents, Buffer.of(type, 0, 0, 0, 0)])
  const crc = crc32c.buf(bytes.subarray(0, -4)) >>> 0
  const turned = ((crc >>> 15) | (crc << 17)) >>> 0
  bytes.writeUInt32LE((turned + MASK_DELTA) >>> 0, bytes.length - 4)
  return bytes
}

function handle(offset: number, sizeBytes: number): Buffer {
  return Buffer.concat([encode(offset), encode(sizeBytes)])
}

/** One entry, whose key is of zeros and fills so many bytes, and its place. */
function index(value: Uint8Array, sizeBytes: number): Buffer {
  const place = Buffer.of(0, 0, 0, 0, 1, 0, 0, 0)
  // Bytes of the length of a key of some MiB.
  const keyBytes = sizeBytes - place.length - value.length - 6
  const head = Buffer.concat([encode(0), encode(keyBytes), encode(value.length)])
  assert.equal(head.length, 6)
  return Buffer.concat([head, Buffer.alloc(keyBytes), value, place])
}

/** A table of one block whose packed index takes so many bytes when it is unpacked. */
function table(indexBytes: number): Buffer {
  const data = block(Buffer.from('data'), 0)
  const meta = block(Buffer.alloc(4), 0)
  const packed = compress(index(handle(0, data.length - 5), indexBytes))
  const handles = Buffer.alloc(40)
  handle(data.length, meta.length - 5).copy(handles)
  handle(data.length + meta.length, packed.length).copy(
    handles,
    handle(data.length, meta.length - 5).length,
  )
  const magic = Buffer.alloc(8)
  magic.writeBigUInt64LE(MAGIC)
  return Buffer.concat([data, meta, block(packed, 1), handles, magic])
}

describe('isSoundTable', () => {
  it('takes a table as LevelDB writes it', () => {
    assert.ok(isSoundTable(table(3_000_000)))
  })

  it('unpacks an index of MAX_TABLE_INDEX_BYTES, and refuses a larger one', () => {
    assert.ok(isSoundTable(table(MAX_TABLE_INDEX_BYTES)))
    assert.ok(!isSoundTable(table(MAX_TABLE_INDEX_BYTES + 1)))
  })
})
