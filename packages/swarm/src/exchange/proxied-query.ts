/**
 * Payload of a request for a file of a proxied repository:
 *
 * offset  size  field
 *      0     1  kind of the checksum: 1 SHA-512, 2 SHA-256, 3 SHA-1
 *      1     n  the checksum: 64, 32 or 20 bytes
 *    1+n        path, ASCII
 */
import type { LanChecksumKind, ProxiedQuery } from '@jarswarm/ports'
import { MAX_PROXIED_PATH_BYTES } from '../limits.ts'
import { hexOf } from './message.ts'

const KINDS: readonly {
  readonly code: number
  readonly kind: LanChecksumKind
  readonly bytes: number
}[] = [
  { code: 1, kind: 'sha512', bytes: 64 },
  { code: 2, kind: 'sha256', bytes: 32 },
  { code: 3, kind: 'sha1', bytes: 20 },
]

export function formatProxiedQuery({ path, checksum }: ProxiedQuery): Uint8Array {
  const code = KINDS.find(({ kind }) => kind === checksum.kind)?.code ?? 0
  return Buffer.concat([
    Buffer.of(code),
    Buffer.from(checksum.hex, 'hex'),
    Buffer.from(path, 'latin1'),
  ])
}

/** @returns undefined when it is malformed; the path is any text, and may name nothing */
export function parseProxiedQuery(payload: Uint8Array): ProxiedQuery | undefined {
  const found = KINDS.find(({ code }) => code === payload[0])
  if (found === undefined) return undefined
  const start = 1 + found.bytes
  const pathBytes = payload.length - start
  if (pathBytes < 1 || pathBytes > MAX_PROXIED_PATH_BYTES) return undefined
  return {
    path: Buffer.from(payload.subarray(start)).toString('latin1'),
    checksum: { kind: found.kind, hex: hexOf(payload.subarray(1, start)) },
  }
}
