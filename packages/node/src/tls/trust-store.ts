import { createHash } from 'node:crypto'
import { getCACertificates } from 'node:tls'

/**
 * Password of the trust store. It guards nothing, for certificates are no secret, but Java wants one, and this is the one
 * that it uses itself.
 */
export const TRUST_STORE_PASSWORD = 'changeit'

const MAGIC = 0xfeedfeed
const VERSION = 2
const TRUSTED_CERTIFICATE = 2
const DIGEST_SALT = 'Mighty Aphrodite'
const DIGEST_BYTES = 20

/**
 * A trust store for JVM clients: this node's certificate and all authorities that the system trusts. A JVM uses one
 * trust store for everything, so that one with this node's certificate alone would cut it off from every other host.
 *
 * The format is Java's own key store (JKS), which every JVM reads:
 *
 * | size | field                                                                               |
 * | ---- | ----------------------------------------------------------------------------------- |
 * | 4    | magic 0xFEEDFEED, big-endian like all numbers                                       |
 * | 4    | version 2                                                                           |
 * | 4    | number of entries                                                                   |
 * |      | per entry: tag 2 (u32), alias (u16 length, text), time (u64 ms),                    |
 * |      | type (u16 length, `X.509`), certificate (u32 length, DER)                           |
 * | 20   | SHA-1 of the password in UTF-16, the salt `Mighty Aphrodite`, and everything before |
 *
 * @param cert PEM of the node's certificate
 * @param nowMs time of the entries, milliseconds since the Unix epoch
 */
export function makeTrustStore(cert: string, nowMs: number): Uint8Array {
  const authorities = new Set([...getCACertificates('default'), ...getCACertificates('system')])
  const certificates = [cert, ...authorities].map((pem) => toDer(pem))
  const entries = certificates.map((der, position) =>
    Buffer.concat([
      u32(TRUSTED_CERTIFICATE),
      text(position === 0 ? 'jarswarm' : `authority-${position}`),
      u64(nowMs),
      text('X.509'),
      u32(der.length),
      der,
    ]),
  )
  const body = Buffer.concat([u32(MAGIC), u32(VERSION), u32(entries.length), ...entries])
  return Buffer.concat([body, digestOf(body)])
}

/** Whether a file is a trust store as it was made, and has a certificate in it. */
export function isTrustStoreOf(bytes: Uint8Array, cert: string): boolean {
  const body = bytes.subarray(0, -DIGEST_BYTES)
  return (
    digestOf(body).equals(bytes.subarray(-DIGEST_BYTES)) && Buffer.from(body).includes(toDer(cert))
  )
}

function digestOf(body: Uint8Array): Buffer {
  const password = Buffer.from(TRUST_STORE_PASSWORD, 'utf16le').swap16()
  return createHash('sha1').update(password).update(DIGEST_SALT).update(body).digest()
}

function toDer(pem: string): Buffer {
  return Buffer.from(pem.replaceAll(/-----[^-]+-----/g, ''), 'base64')
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

/** ASCII only. */
function text(value: string): Buffer {
  const bytes = Buffer.alloc(2 + value.length)
  bytes.writeUInt16BE(value.length)
  bytes.write(value, 2, 'ascii')
  return bytes
}
