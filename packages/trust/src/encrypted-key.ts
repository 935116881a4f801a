// A private key under a passphrase: PKCS #8 (RFC 5958) in PEM, encrypted by PBES2 (RFC 8018) with scrypt (RFC 7914) and
// AES-256-CBC. OpenSSL reads and writes this form (`openssl pkcs8 -topk8 -scrypt`), and so does Node; Node writes it with
// 2 048 rounds of PBKDF2 only, which is a thousand times cheaper to guess. Hence the few lines of DER.
import { createCipheriv, createPrivateKey, randomBytes, scryptSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { OBJECT_ID, OCTETS, SEQUENCE, writeDer, writeDerInteger } from './der.ts'
import { InvalidKeyError } from './errors.ts'
import { checkKeyDerivation, PBES2, SCRYPT } from './key-derivation.ts'

/** Shorter passphrases fall to a search on rented machines, whatever the key derivation costs. */
export const MIN_PASSPHRASE_LENGTH = 12

const COST = { N: 16_384, r: 8, p: 5 } as const
/** What scrypt takes with these parameters, and some room. */
const SCRYPT_MAX_BYTES: number = 64 * 1024 * 1024
const SALT_BYTES = 16
const IV_BYTES = 16
const KEY_BYTES = 32

const AES_256_CBC = Buffer.from('60864801650304012a', 'hex')

const LABEL = 'ENCRYPTED PRIVATE KEY'
const PEM_LINE = /.{1,64}/g
const PEM_BLOCK = new RegExp(
  `-----BEGIN ${LABEL}-----\\s([A-Za-z0-9+/=\\s]+)-----END ${LABEL}-----`,
)

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
  const key = scryptSync(passphrase, salt, KEY_BYTES, { ...COST, maxmem: SCRYPT_MAX_BYTES })
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  const encrypted = Buffer.concat([cipher.update(der), cipher.final()])
  const { N, r, p } = COST
  const costs = [N, r, p].map(writeDerInteger)
  const derivation = algorithm(SCRYPT, writeDer(SEQUENCE, writeDer(OCTETS, salt), ...costs))
  const encryption = algorithm(AES_256_CBC, writeDer(OCTETS, iv))
  const scheme = algorithm(PBES2, writeDer(SEQUENCE, derivation, encryption))
  const document = writeDer(SEQUENCE, scheme, writeDer(OCTETS, encrypted))
  const lines = document.toString('base64').match(PEM_LINE) ?? []
  return [`-----BEGIN ${LABEL}-----`, ...lines, `-----END ${LABEL}-----`, ''].join('\n')
}

/**
 * Open a private key that is under a passphrase.
 *
 * @throws {InvalidKeyError} when the passphrase does not open it, or to try would take too long
 */
export function decryptKey(pem: string, passphrase: string): KeyObject {
  const [, base64 = ''] = PEM_BLOCK.exec(pem) ?? []
  // OpenSSL is given what was looked at, and not the text, of which it might take another part.
  const key = Buffer.from(base64, 'base64')
  checkKeyDerivation(key)
  try {
    return createPrivateKey({ key, format: 'der', type: 'pkcs8', passphrase })
  } catch (cause) {
    throw new InvalidKeyError(
      'Cannot read the private key: found one that the passphrase does not open, wanted the passphrase it was made with',
      { cause },
    )
  }
}

function algorithm(objectId: Uint8Array, parameters: Uint8Array): Buffer {
  return writeDer(SEQUENCE, writeDer(OBJECT_ID, objectId), parameters)
}
