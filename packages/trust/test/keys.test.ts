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

const derOf = (pem: string): Buffer => Buffer.from(pem.replaceAll(/-----.*-----/g, ''), 'base64')

const toPem = (der: Uint8Array): string =>
  `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${Buffer.from(der).toString('base64')}\n-----END ENCRYPTED PRIVATE KEY-----\n`

/** The same key with a few of its bytes, in hex, replaced by as many others. */
function replaceInDer(pem: string, found: string, made: string): string {
  const hex = derOf(pem).toString('hex')
  assert.deepEqual([hex.split(found).length, made.length], [2, found.length])
  return toPem(Buffer.from(hex.replace(found, made), 'hex'))
}

// Made by Node, its 2 048 rounds of PBKDF2 replaced by 2 147 483 647.
const MANY_ROUNDS = `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGlMGEGCSqGSIb3DQEFDTBUMDMGCSqGSIb3DQEFDDAmBBCO+NuttX0viHaCVyP5
Qln+AgR/////MAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBA1gmirO33+QU2/
JZMv2NvaBEDOWU2gi1tTX/o6k+KiZi4xks665f6LJ+89+s8JAx+FnEagtu2EhKA6
B0+SP25nFrQoAiD1sCLUNcdoi4O17olq
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

  it('is not tried when its file says that this takes very long', () => {
    const pbkdf2 = createPrivateKey(generateKeyPair().privateKey).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: PASSPHRASE,
    })
    assert.ok(createSigner(String(pbkdf2), PASSPHRASE))
    // N 32 767, r 127, p 127.
    const costly = replaceInDer(privateKey, '02024000020108020105', '02027fff02017f02017f')
    refuses(() => createSigner(costly, PASSPHRASE), /N · r · p = 528498943, wanted at most 4194304/)
    refuses(
      () => createSigner(MANY_ROUNDS, PASSPHRASE),
      /PBKDF2 with 2147483647 rounds, wanted at most 4000000/,
    )
  })

  it('is refused in a form of which nobody knows how long it takes', () => {
    const forms: readonly (readonly [found: string, made: string])[] = [
      // Another scheme, another derivation, a negative cost, one that is no number, one that is not whole, no salt.
      ['06092a864886f70d01050d', '06092a864886f70d010503'],
      ['06092b06010401da47040b', '06092b06010401da47040c'],
      ['02024000020108020105', '0202c000020108020105'],
      ['02024000020108020105', '04024000020108020105'],
      ['02024000020108020105', '02024000020108020205'],
      ['301c0410', '301c0510'],
    ]
    for (const [found, made] of forms)
      refuses(
        () => createSigner(replaceInDer(privateKey, found, made), PASSPHRASE),
        /encrypted in another form/,
      )
    const der = derOf(privateKey)
    for (const bytes of [der.subarray(0, -1), Buffer.concat([der, Buffer.of(5, 0)]), Buffer.of()])
      refuses(() => createSigner(toPem(bytes), PASSPHRASE), /encrypted in another form/)
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
