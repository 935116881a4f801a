/**
 * A value of the database with its checksum, for LevelDB compares none when it reads.
 *
 * ```
 * offset  size  field
 *      0     4  CRC-32 of the value's name, "!" and the value, big-endian
 *      4     n  the value
 * ```
 *
 * The name is its key as LevelDB has it, that of the table included. With it, a value that a turned bit moved under another key is
 * noticed as well.
 */
import { crc32 } from 'node:zlib'

const VALUE_AT = 4

export function sealValue(name: string, value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  const sealed = Buffer.allocUnsafe(VALUE_AT + bytes.length)
  sealed.set(bytes, VALUE_AT)
  sealed.writeUInt32BE(checksumOf(name, bytes))
  return sealed
}

/** @returns undefined when it is not as it was sealed */
export function openValue(name: string, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < VALUE_AT) return undefined
  const { buffer, byteOffset, length } = sealed
  const bytes = new Uint8Array(buffer, byteOffset + VALUE_AT, length - VALUE_AT)
  const said = new DataView(buffer, byteOffset).getUint32(0)
  return said === checksumOf(name, bytes) ? bytes : undefined
}

function checksumOf(name: string, bytes: Uint8Array): number {
  return crc32(bytes, crc32(`${name}!`))
}
