import { INTEGER, OBJECT_ID, OCTETS, readDer, SEQUENCE } from './der.ts'
import type { DerElement } from './der.ts'
import { InvalidKeyError } from './errors.ts'
import { MAX_SCRYPT_WORK, MAX_PBKDF2_ROUNDS } from './limits.ts'

/** Object identifier of PBES2 (RFC 8018), without its tag. */
export const PBES2: Buffer = Buffer.from('2a864886f70d01050d', 'hex')
/** Of scrypt (RFC 7914). */
export const SCRYPT: Buffer = Buffer.from('2b06010401da47040b', 'hex')
/** Of PBKDF2 (RFC 8018), which other programs write. */
const PBKDF2 = Buffer.from('2a864886f70d01050c', 'hex')

/**
 * Look what it takes to open an encrypted private key, before it is tried: the file says so itself, and files of key
 * holders come from other machines. OpenSSL bounds the memory of scrypt, but neither its time nor the rounds of PBKDF2.
 *
 * @param der EncryptedPrivateKeyInfo (RFC 5958)
 * @throws {InvalidKeyError} when it is of another form, or would take more than some seconds
 */
export function checkKeyDerivation(der: Buffer): void {
  const [algorithm] = sequence(only(readDer(der)))
  const [scheme, parameters] = sequence(algorithm)
  const [derivation] = sequence(parameters)
  const [kind, costs] = sequence(derivation)
  if (!isObject(scheme, PBES2)) throw otherForm()
  const [salt, first, second, third] = sequence(costs)
  if (salt?.tag !== OCTETS) throw otherForm()
  if (isObject(kind, SCRYPT)) {
    const work = integer(first) * integer(second) * integer(third)
    if (work > MAX_SCRYPT_WORK) throw tooCostly(`scrypt with N · r · p = ${work}`, MAX_SCRYPT_WORK)
  } else if (isObject(kind, PBKDF2)) {
    const rounds = integer(first)
    if (rounds > MAX_PBKDF2_ROUNDS)
      throw tooCostly(`PBKDF2 with ${rounds} rounds`, MAX_PBKDF2_ROUNDS)
  } else throw otherForm()
}

function only(elements: readonly DerElement[] | undefined): DerElement | undefined {
  return elements?.length === 1 ? elements[0] : undefined
}

function sequence(element: DerElement | undefined): readonly DerElement[] {
  const elements = element?.tag === SEQUENCE ? readDer(element.content) : undefined
  if (elements === undefined) throw otherForm()
  return elements
}

function isObject(element: DerElement | undefined, id: Buffer): boolean {
  return element?.tag === OBJECT_ID && element.content.equals(id)
}

/** A positive integer. */
function integer(element: DerElement | undefined): bigint {
  const hex = element?.tag === INTEGER ? element.content.toString('hex') : ''
  // The highest bit is the sign.
  if (!/^[0-7]/.test(hex)) throw otherForm()
  return BigInt(`0x${hex}`)
}

function otherForm(): InvalidKeyError {
  return new InvalidKeyError(
    'Cannot read the private key: found one that is encrypted in another form, wanted PKCS #8 with PBES2 and scrypt or PBKDF2',
  )
}

function tooCostly(found: string, most: number): InvalidKeyError {
  return new InvalidKeyError(
    `Cannot read the private key: found it encrypted by ${found}, wanted at most ${most}: nobody should need so long to open it`,
  )
}
