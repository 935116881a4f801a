import { randomBytes, webcrypto } from 'node:crypto'
import { BitString, Integer, OctetString, Utf8String } from 'asn1js'
import type { BaseBlock } from 'asn1js'
import {
  AttributeTypeAndValue,
  BasicConstraints,
  Certificate,
  CryptoEngine,
  Extension,
  ExtKeyUsage,
  GeneralName,
  GeneralNames,
} from 'pkijs'

const VALID_MS = 365 * 24 * 60 * 60 * 1000
/** A client whose clock is a little behind must not find a certificate of the future. */
const CLOCK_SLACK_MS = 60 * 60 * 1000
/** RFC 5280, 4.1.2.2: at most 20 bytes. The first bit is cleared, for the number is positive. */
const SERIAL_BYTES = 16

const COMMON_NAME = '2.5.4.3'
const BASIC_CONSTRAINTS = '2.5.29.19'
const KEY_USAGE = '2.5.29.15'
const EXTENDED_KEY_USAGE = '2.5.29.37'
const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17'
const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1'
/** RFC 5280, 4.2.1.6: choices of GeneralName. */
const DNS_NAME = 2
const IP_ADDRESS = 7
const LOOPBACK = [127, 0, 0, 1]

/** A certificate and its private key, both as PEM. */
export interface CertificatePair {
  readonly cert: string
  readonly key: string
}

/**
 * Make a self-signed certificate for this machine's loopback address, valid for a year.
 *
 * It is no authority (`CA:FALSE`): whoever gets hold of its key can vouch for 127.0.0.1 and localhost, and for no
 * other host.
 *
 * @param nowMs begin of its validity, milliseconds since the Unix epoch
 */
export async function makeCertificate(nowMs: number): Promise<CertificatePair> {
  const { subtle } = webcrypto
  const keys = await subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ])
  const engine = new CryptoEngine({ name: 'node', crypto: webcrypto })
  const certificate = new Certificate({
    version: 2,
    serialNumber: new Integer({ valueHex: toBuffer(serialNumber()) }),
    extensions: extensions(),
  })
  const name = new AttributeTypeAndValue({
    type: COMMON_NAME,
    value: new Utf8String({ value: 'jarswarm on this machine' }),
  })
  certificate.issuer.typesAndValues.push(name)
  certificate.subject.typesAndValues.push(name)
  certificate.notBefore.value = new Date(nowMs - CLOCK_SLACK_MS)
  certificate.notAfter.value = new Date(nowMs + VALID_MS)
  await certificate.subjectPublicKeyInfo.importKey(keys.publicKey, engine)
  await certificate.sign(keys.privateKey, 'SHA-256', engine)
  const key = await subtle.exportKey('pkcs8', keys.privateKey)
  return {
    cert: toPem('CERTIFICATE', certificate.toSchema(true).toBER(false)),
    key: toPem('PRIVATE KEY', key),
  }
}

function extensions(): Extension[] {
  const names = new GeneralNames({
    names: [
      new GeneralName({
        type: IP_ADDRESS,
        value: new OctetString({ valueHex: toBuffer(LOOPBACK) }),
      }),
      new GeneralName({ type: DNS_NAME, value: 'localhost' }),
    ],
  })
  const digitalSignature = new BitString({ valueHex: toBuffer([0x80]), unusedBits: 7 })
  const usage = new ExtKeyUsage({ keyPurposes: [SERVER_AUTHENTICATION] })
  return [
    extension(BASIC_CONSTRAINTS, new BasicConstraints({ cA: false }).toSchema(), true),
    extension(KEY_USAGE, digitalSignature, true),
    extension(EXTENDED_KEY_USAGE, usage.toSchema(), false),
    extension(SUBJECT_ALTERNATIVE_NAME, names.toSchema(), false),
  ]
}

function extension(extnID: string, value: BaseBlock, critical: boolean): Extension {
  return new Extension({ extnID, critical, extnValue: value.toBER(false) })
}

function serialNumber(): Uint8Array {
  const bytes = randomBytes(SERIAL_BYTES)
  // Neither negative nor with a leading zero byte.
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return bytes
}

function toBuffer(bytes: Iterable<number>): ArrayBuffer {
  return Uint8Array.from(bytes).buffer
}

function toPem(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}
