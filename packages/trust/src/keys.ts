import { canonicalize } from '@tufjs/canonical-json'
import { sha256 } from '@jarswarm/manifest'
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { decryptKey, encryptKey, isEncryptedKey } from './encrypted-key.ts'
import { InvalidKeyError } from './errors.ts'

/** A new ed25519 key pair. */
export interface KeyPair {
  /** 32 bytes in 64 lower-case hex characters. */
  readonly publicKey: string
  /** PKCS #8 in PEM. Secret: keep it where only its owner reads. */
  readonly privateKey: string
}

/** Signs with one private key, wherever that is kept. */
export interface Signer {
  /** 32 bytes in 64 lower-case hex characters. */
  readonly publicKey: string
  /** Name of the key in TUF metadata: SHA-256 of the canonical form of the public key. */
  readonly keyId: string
  /** @returns ed25519 signature, 64 bytes */
  sign(bytes: Uint8Array): Uint8Array
}

/**
 * Make a key pair from the system's randomness.
 *
 * @param passphrase under which the private key is put; without one it is not encrypted
 * @throws {RangeError} when the passphrase is too short
 */
export function generateKeyPair(passphrase?: string): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return {
    publicKey: rawPublicKey(publicKey),
    privateKey:
      passphrase === undefined
        ? privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
        : encryptKey(privateKey.export({ type: 'pkcs8', format: 'der' }), passphrase),
  }
}

/**
 * A signer from a private key in memory.
 *
 * @param privateKey PKCS #8 in PEM, as `generateKeyPair` makes it
 * @param passphrase for one that is encrypted
 * @throws {InvalidKeyError} when it is not an ed25519 private key, or the passphrase does not open it
 */
export function createSigner(privateKey: string, passphrase?: string): Signer {
  const key = importPrivateKey(privateKey, passphrase)
  const publicKey = rawPublicKey(createPublicKey(key))
  return {
    publicKey,
    keyId: keyIdOf(publicKey),
    sign: (bytes) => new Uint8Array(sign(null, bytes, key)),
  }
}

/** A public key as a file to hand around: SubjectPublicKeyInfo in PEM, which OpenSSL reads, too. */
export function formatPublicKey(publicKey: string): string {
  const x = Buffer.from(publicKey, 'hex').toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  return key.export({ type: 'spki', format: 'pem' }).toString()
}

/**
 * Read a public key from PEM.
 *
 * @returns 32 bytes in 64 lower-case hex characters
 * @throws {InvalidKeyError} when it is no public key of type ed25519; a private one is refused, so that nobody hands it around
 */
export function parsePublicKey(pem: string): string {
  if (pem.includes('PRIVATE KEY-----')) {
    throw new InvalidKeyError(
      'Cannot read the public key: found a private key, wanted its public part; keep the private one to yourself',
    )
  }
  let key: KeyObject
  try {
    key = createPublicKey({ key: pem, format: 'pem' })
  } catch (cause) {
    throw new InvalidKeyError(
      'Cannot read the public key: found text that is not a key, wanted a public key in PEM',
      { cause },
    )
  }
  checkType(key, 'public')
  return rawPublicKey(key)
}

/** The TUF form of a public key. */
export function keyDocument(publicKey: string): {
  keytype: string
  scheme: string
  keyval: { public: string }
} {
  return { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: publicKey } }
}

/** The TUF name of a public key: SHA-256 of its canonical TUF form. */
export function keyIdOf(publicKey: string): string {
  return sha256(new TextEncoder().encode(canonicalize(keyDocument(publicKey))))
}

function importPrivateKey(pem: string, passphrase: string | undefined): KeyObject {
  const key = isEncryptedKey(pem) ? openWith(passphrase, pem) : readPlain(pem)
  checkType(key, 'private')
  return key
}

function openWith(passphrase: string | undefined, pem: string): KeyObject {
  if (passphrase !== undefined) return decryptKey(pem, passphrase)
  throw new InvalidKeyError(
    'Cannot read the private key: found it encrypted, wanted its passphrase',
  )
}

function readPlain(pem: string): KeyObject {
  try {
    return createPrivateKey({ key: pem, format: 'pem' })
  } catch (cause) {
    throw new InvalidKeyError(
      'Cannot read the private key: found text that is not a key, wanted PKCS #8 in PEM',
      { cause },
    )
  }
}

function checkType(key: KeyObject, what: 'public' | 'private'): void {
  if (key.asymmetricKeyType === 'ed25519') return
  throw new InvalidKeyError(
    `Cannot read the ${what} key: found type ${key.asymmetricKeyType ?? 'unknown'}, wanted ed25519`,
  )
}

function rawPublicKey(key: KeyObject): string {
  // JWK holds the raw 32 bytes in `x`; SPKI would need its prefix cut off.
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex')
}
