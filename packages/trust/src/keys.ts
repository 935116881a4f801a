import { canonicalize } from '@tufjs/canonical-json'
import { sha256 } from '@jarswarm/manifest'
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
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

/** Make a key pair from the system's randomness. */
export function generateKeyPair(): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return {
    publicKey: rawPublicKey(publicKey),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/**
 * A signer from a private key in memory.
 *
 * @param privateKey PKCS #8 in PEM, as `generateKeyPair` makes it
 * @throws {InvalidKeyError} when it is not an ed25519 private key
 */
export function createSigner(privateKey: string): Signer {
  const key = importPrivateKey(privateKey)
  const publicKey = rawPublicKey(createPublicKey(key))
  return {
    publicKey,
    keyId: keyIdOf(publicKey),
    sign: (bytes) => new Uint8Array(sign(null, bytes, key)),
  }
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

function importPrivateKey(pem: string): KeyObject {
  let key: KeyObject
  try {
    key = createPrivateKey({ key: pem, format: 'pem' })
  } catch (cause) {
    throw new InvalidKeyError(
      'Cannot read the private key: found text that is not a key, wanted PKCS #8 in PEM',
      { cause },
    )
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new InvalidKeyError(
      `Cannot read the private key: found type ${key.asymmetricKeyType ?? 'unknown'}, wanted ed25519`,
    )
  }
  return key
}

function rawPublicKey(key: KeyObject): string {
  // JWK holds the raw 32 bytes in `x`; SPKI would need its prefix cut off.
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex')
}
