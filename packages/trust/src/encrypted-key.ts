// A private key under a passphrase: PKCS #8 (RFC 5958) in PEM, encrypted by PBES2 (RFC 8018) with scrypt (RFC 7914) and
// AES-256-CBC. OpenSSL reads and writes this form (`openssl pkcs8 -topk8 -scrypt`), and so does Node; Node writes it with
// 2 048 rounds of PBKDF2 only, which is a thousand times cheaper to guess. Hence the few lines of DER.
import { createCipheriv, randomBytes, scryptSync } from 'node:crypto'

/** Shorter passphrases fall to a search on rented machines, whatever the key derivation costs. */
export const MIN_PASSPHRASE_LENGTH = 12

const SCRYPT = { N: 16_384, r: 8, p: 5 } as const
/** What scrypt takes with these parameters, and some room. */
const SCRYPT_MAX_BYTES: number = 64 * 1024 * 1024
const SALT_BYTES = 16
const IV_BYTES = 16
const KEY_BYTES = 32

const SEQUENCE = 0x30
const INTEGER = 0x02
const OCTETS = 0x04
// Object identifiers with their tag and length.
const PBES2 = Buffer.from('06092a864886f70d01050d', 'hex')
const SCRYPT_KDF = Buffer.from('06092b06010401da47040b', 'hex')
const AES_256_CBC = Buffer.from('060960864801650304012a', 'hex')

const LABEL = 'ENCRYPTED PRIVATE KEY'
const PEM_LINE = /.{1,64}/g

/** Whether a PEM text holds a private key under a passphrase. */
export function isEncryptedKey(pem: string): boolean {
  return pem.includes(`-----BEGIN ${LABEL}-----`)
}

/**
 * Put a private key under a passphrase.
 *
 * @param der PKCS #8, not encrypted
 * @returns PEM
 * @throws {RangeError} when the passphrase is shorter than {@link MIN_PASSPHRASE_LENGTH} characters
 */
export function encryptKey(der: Uint8Array, passphrase: string): string {
  if (passphrase.length < MIN_PASSPHRASE_LENGTH) {
    throw new RangeError(
      `Cannot encrypt the private key: found a passphrase of ${passphrase.length} characters, wanted at least ${MIN_PASSPHRASE_LENGTH}`,
    )
  }
  const salt = randomBytes(SALT_BYTES)
  const iv = randomBytes(IV_BYTES)
  const key = scryptSync(passphrase, salt, KEY_BYTES, { ...SCRYPT, maxmem: SCRYPT_MAX_BYTES })
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  const encrypted = Buffer.concat([cipher.update(der), cipher.final()])
  const derivation = element(
    SEQUENCE,
    SCRYPT_KDF,
    element(SEQUENCE, element(OCTETS, salt), ...Object.values(SCRYPT).map(integer)),
  )
  const encryption = element(SEQUENCE, AES_256_CBC, element(OCTETS, iv))
  const algorithm = element(SEQUENCE, PBES2, element(SEQUENCE, derivation, encryption))
  const document = element(SEQUENCE, algorithm, element(OCTETS, encrypted))
  const lines = document.toString('base64').match(PEM_LINE) ?? []
  return [`-----BEGIN ${LABEL}-----`, ...lines, `-----END ${LABEL}-----`, ''].join('\n')
}

/** A DER element of at most 255 bytes of content: an ed25519 key needs no more. */
function element(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.concat(content)
  const length = bytes.length < 0x80 ? [bytes.length] : [0x81, bytes.length]
  return Buffer.concat([Buffer.of(tag, ...length), bytes])
}

/** A DER integer from 1 to 32 767. */
function integer(value: number): Buffer {
  return element(INTEGER, value < 0x80 ? Buffer.of(value) : Buffer.of(value >> 8, value & 0xff))
}
