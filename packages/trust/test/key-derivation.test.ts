import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { INTEGER, OBJECT_ID, OCTETS, readDer, SEQUENCE, writeDer } from '../src/der.ts'
import { InvalidKeyError } from '../src/index.ts'
import { checkKeyDerivation, PBES2, SCRYPT } from '../src/key-derivation.ts'
import { MAX_PBKDF2_ROUNDS, MAX_SCRYPT_WORK } from '../src/limits.ts'

const PBKDF2 = Buffer.from('2a864886f70d01050c', 'hex')
const SALT = writeDer(OCTETS, Buffer.alloc(8))

/** An integer of any size that is not negative. */
const integer = (value: number): Buffer => {
  const hex = value.toString(16)
  return writeDer(INTEGER, Buffer.from(`00${hex.length % 2 === 0 ? '' : '0'}${hex}`, 'hex'))
}

const algorithm = (id: Uint8Array, ...more: readonly Uint8Array[]): Buffer =>
  writeDer(SEQUENCE, writeDer(OBJECT_ID, id), writeDer(SEQUENCE, ...more))

/** As a key's file has it, without anything encrypted. */
const keyFile = (id: Uint8Array, ...costs: readonly Uint8Array[]): Buffer =>
  writeDer(SEQUENCE, algorithm(PBES2, algorithm(id, ...costs)), writeDer(OCTETS))

const refuses = (der: Buffer, message: RegExp): void => {
  assert.throws(
    () => {
      checkKeyDerivation(der)
    },
    (error) => error instanceof InvalidKeyError && message.test(error.message),
  )
}

describe('checkKeyDerivation', () => {
  it('lets scrypt take MAX_SCRYPT_WORK, and no more', () => {
    const scrypt = (...costs: readonly number[]): Buffer =>
      keyFile(SCRYPT, SALT, ...costs.map(integer))
    checkKeyDerivation(scrypt(16_384, 8, MAX_SCRYPT_WORK / 16_384 / 8))
    for (const costs of [
      [16_384, 8, 33],
      [16_385, 8, 32],
      [1, 1, MAX_SCRYPT_WORK + 1],
      [2 ** 48, 1, 1],
    ])
      refuses(scrypt(...costs), /N · r · p = \d+, wanted at most 4194304/)
  })

  it('lets PBKDF2 take MAX_PBKDF2_ROUNDS, and no more', () => {
    const pbkdf2 = (rounds: number): Buffer => keyFile(PBKDF2, SALT, integer(rounds))
    checkKeyDerivation(pbkdf2(MAX_PBKDF2_ROUNDS))
    refuses(pbkdf2(MAX_PBKDF2_ROUNDS + 1), /PBKDF2 with 4000001 rounds, wanted at most 4000000/)
  })

  it('knows no other way, and nothing that is not whole', () => {
    const one = integer(1)
    for (const der of [
      keyFile(PBES2, SALT, one, one, one),
      keyFile(SCRYPT, one, one, one, one),
      keyFile(SCRYPT, SALT, one, one),
      keyFile(PBKDF2, SALT),
      keyFile(PBKDF2, SALT, SALT),
      keyFile(PBKDF2, SALT, writeDer(INTEGER, Buffer.of(0x80))),
      keyFile(PBKDF2, SALT, writeDer(INTEGER)),
      writeDer(SEQUENCE, algorithm(SCRYPT, algorithm(SCRYPT, SALT, one, one, one))),
      writeDer(OCTETS, keyFile(PBKDF2, SALT, one)),
      Buffer.concat([keyFile(PBKDF2, SALT, one), one]),
      Buffer.of(),
    ])
      refuses(der, /encrypted in another form/)
  })
})

describe('readDer', () => {
  const contentOf = (...bytes: readonly number[]) =>
    readDer(Buffer.from(bytes))?.map(({ tag, content }) => [tag, content.toString('hex')])

  it('reads elements with lengths of every form', () => {
    assert.deepEqual(contentOf(), [])
    assert.deepEqual(contentOf(4, 0, 2, 1, 7), [
      [4, ''],
      [2, '07'],
    ])
    assert.deepEqual(contentOf(4, 0x81, 1, 7), [[4, '07']])
    assert.deepEqual(contentOf(4, 0x82, 0, 1, 7), [[4, '07']])
    const long = Buffer.alloc(200, 1)
    assert.deepEqual(readDer(writeDer(4, long)), [{ tag: 4, content: long }])
  })

  it('reads nothing that is not whole, or of a length that nobody has', () => {
    assert.equal(contentOf(4), undefined)
    assert.equal(contentOf(4, 2, 7), undefined)
    assert.equal(contentOf(4, 0, 2), undefined)
    assert.equal(contentOf(4, 0x81), undefined)
    assert.equal(contentOf(4, 0x82, 0), undefined)
    assert.equal(contentOf(4, 0x80, 0, 0), undefined)
    assert.equal(contentOf(4, 0x83, 0, 0, 1, 7), undefined)
    assert.equal(contentOf(4, 0xff), undefined)
  })
})
