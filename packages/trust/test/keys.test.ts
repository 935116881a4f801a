import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import {
  createSigner,
  formatPublicKey,
  generateKeyPair,
  InvalidKeyError,
  isEncryptedKey,
  parsePublicKey,
} from '../src/index.ts'

const PASSPHRASE = 'a staple, a horse, a battery'
const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 })

const refuses = (read: () => unknown, message: RegExp): void => {
  assert.throws(read, (error) => error instanceof InvalidKeyError && message.test(error.message))
}

// Made by `openssl genpkey -algorithm ed25519 | openssl pkcs8 -topk8 -scrypt -passout 'pass:a staple, a horse, a battery'`.
const BY_OPENSSL = `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGTME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAgih4YbjbGf6AICQAAC
AQgCAQEwHQYJYIZIAWUDBAEqBBAl0ImoLPAfoO+BvjeOtk8FBEB0Kk3B2xVUEsMx
hJiW4ddG/lxhk/KOHdVY8ZmYdLx0Su5t/y3h9sU2QeblyU2KZigBQEvrhuZLPqIp
A0EiU7t8
-----END ENCRYPTED PRIVATE KEY-----
`

describe('a private key under a passphrase', () => {
  const { publicKey, privateKey } = generateKeyPair(PASSPHRASE)

  it('signs with its passphrase', () => {
    assert.ok(isEncryptedKey(privateKey))
    assert.equal(createSigner(privateKey, PASSPHRASE).publicKey, publicKey)
  })

  it('is encrypted anew each time', () => {
    assert.notEqual(generateKeyPair(PASSPHRASE).privateKey, privateKey)
  })

  it('is of a form that others read', () => {
    const key = createPrivateKey({ key: privateKey, passphrase: PASSPHRASE })
    assert.equal(key.asymmetricKeyType, 'ed25519')
    const body = Buffer.from(privateKey.replaceAll(/-----.*-----/g, ''), 'base64')
    // PBES2 with scrypt of N 16 384, r 8, p 5.
    assert.match(body.toString('hex'), /06092b06010401da47040b301c0410.{32}02024000020108020105/)
    assert.equal(
      createSigner(BY_OPENSSL, PASSPHRASE).publicKey,
      '705ec098d8677ef1b9e9d3a5be547677af402f8ddebbc8706c573979e9082602',
    )
  })

  it('is refused without its passphrase, or with another', () => {
    refuses(() => createSigner(privateKey), /found it encrypted/)
    refuses(() => createSigner(privateKey, 'a horse, a staple'), /passphrase does not open/)
  })

  it('is not made with a short passphrase', () => {
    assert.throws(() => generateKeyPair('elevenchars'), /found a passphrase of 11 characters/)
    assert.ok(generateKeyPair('twelve chars'))
  })
})

describe('a private key', () => {
  it('is refused when it is none, or of another type', () => {
    refuses(() => createSigner('no key'), /found text that is not a key/)
    const pem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    refuses(() => createSigner(pem), /found type rsa/)
  })
})

describe('a public key', () => {
  const { publicKey, privateKey } = generateKeyPair()

  it('is read back from its file', () => {
    const pem = formatPublicKey(publicKey)
    assert.match(pem, /^-----BEGIN PUBLIC KEY-----\n/)
    assert.equal(parsePublicKey(pem), publicKey)
  })

  it('is refused when it is none, of another type, or the private one', () => {
    refuses(() => parsePublicKey('no key'), /found text that is not a key/)
    const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    refuses(() => parsePublicKey(pem), /found type rsa/)
    refuses(() => parsePublicKey(privateKey), /found a private key/)
  })
})
