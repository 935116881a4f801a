/**
 * A peer's answer to who asks for a file of a proxied repository. Numbers are big-endian.
 *
 * offset  size  field
 *      0    32  SHA-256 of the file
 *     32     8  its size
 */
import type { ProxiedClaim } from './lan.ts'

export const PROXIED_CLAIM_BYTES = 40
const DIGEST_BYTES = 32

export function formatProxiedClaim({ digest, sizeBytes }: ProxiedClaim): Uint8Array {
  const bytes = Buffer.alloc(PROXIED_CLAIM_BYTES)
  bytes.set(Buffer.from(digest, 'hex'))
  bytes.writeBigUInt64BE(BigInt(sizeBytes), DIGEST_BYTES)
  return bytes
}

/** @returns undefined when it is none; the bytes are a peer's */
export function parseProxiedClaim(bytes: Uint8Array): ProxiedClaim | undefined {
  if (bytes.length !== PROXIED_CLAIM_BYTES) return undefined
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const size = buffer.readBigUInt64BE(DIGEST_BYTES)
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) return undefined
  return { digest: buffer.toString('hex', 0, DIGEST_BYTES), sizeBytes: Number(size) }
}
