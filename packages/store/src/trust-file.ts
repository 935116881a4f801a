/**
 * One generation of what must never be lost of a repository. Numbers are big-endian.
 *
 * ```
 * offset  size  field
 *      0     8  magic, ASCII "jswtrst1"
 *      8    32  SHA-256 of all that follows
 *     40     8  serial: the generation with the higher one is newer
 *     48     4  length of the body
 *     52     n  body: count u32, then each root as length u32 and bytes, then the manifest likewise;
 *               a manifest of length 0 means none
 * ```
 */
import { sha256 } from '@jarswarm/manifest'
import type { TrustRecord } from '@jarswarm/ports'
import { MAX_TRUST_FILE_BYTES } from './limits.ts'

const MAGIC = new TextEncoder().encode('jswtrst1')
const CHECKSUM_AT = MAGIC.length
const SERIAL_AT = CHECKSUM_AT + 32
const LENGTH_AT = SERIAL_AT + 8
const BODY_AT = LENGTH_AT + 4

export interface TrustGeneration {
  readonly serial: number
  readonly record: TrustRecord
}

export function formatTrustFile({ serial, record }: TrustGeneration): Uint8Array {
  const parts = [...record.roots, record.manifest ?? new Uint8Array()]
  const body = 4 + parts.reduce((sum, part) => sum + 4 + part.length, 0)
  if (BODY_AT + body > MAX_TRUST_FILE_BYTES) {
    throw new RangeError(
      `Cannot store a trust record: found ${String(body)} bytes, wanted at most ${String(MAX_TRUST_FILE_BYTES)}`,
    )
  }
  const bytes = new Uint8Array(BODY_AT + body)
  const view = new DataView(bytes.buffer)
  bytes.set(MAGIC)
  view.setBigUint64(SERIAL_AT, BigInt(serial))
  view.setUint32(LENGTH_AT, body)
  view.setUint32(BODY_AT, record.roots.length)
  let at = BODY_AT + 4
  for (const part of parts) {
    view.setUint32(at, part.length)
    bytes.set(part, at + 4)
    at += 4 + part.length
  }
  bytes.set(Buffer.from(sha256(bytes.subarray(SERIAL_AT)), 'hex'), CHECKSUM_AT)
  return bytes
}

/** @returns undefined for a file that is torn, damaged or of another kind */
export function parseTrustFile(bytes: Uint8Array): TrustGeneration | undefined {
  if (bytes.length < BODY_AT + 4 || Buffer.compare(bytes.subarray(0, CHECKSUM_AT), MAGIC) !== 0) {
    return undefined
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(LENGTH_AT) !== bytes.length - BODY_AT) return undefined
  const checksum = Buffer.from(bytes.subarray(CHECKSUM_AT, SERIAL_AT)).toString('hex')
  if (sha256(bytes.subarray(SERIAL_AT)) !== checksum) return undefined
  // From here on the file is as it was written, so that its lengths can be followed.
  const parts: Uint8Array[] = []
  for (let at = BODY_AT + 4; at < bytes.length;) {
    const end = at + 4 + view.getUint32(at)
    parts.push(bytes.slice(at + 4, end))
    at = end
  }
  const manifest = parts.pop()
  return {
    serial: Number(view.getBigUint64(SERIAL_AT)),
    record: { roots: parts, manifest: manifest?.length === 0 ? undefined : manifest },
  }
}
