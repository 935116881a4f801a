import { createPrivateKey, sign, verify, X509Certificate } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PRIVATE_DIRECTORY_MODE, readPrivateFile, writeFileAtomically } from '@jarswarm/files'
import { errorCode } from '../error-code.ts'
import type { CertificatePair } from './make-certificate.ts'
import { isTrustStoreOf, makeTrustStore } from './trust-store.ts'

const DIRECTORY = 'https'
const RENEW_BEFORE_MS = 30 * 24 * 60 * 60 * 1000

/** Where a node keeps what its HTTPS needs: the certificate, and the trust store with it for JVM clients. */
export interface CertificatePlaces {
  readonly cert: string
  readonly key: string
  readonly trustStore: string
}

export function certificatePlaces(dataDir: string): CertificatePlaces {
  const directory = join(dataDir, DIRECTORY)
  return {
    cert: join(directory, 'cert.pem'),
    key: join(directory, 'key.pem'),
    trustStore: join(directory, 'truststore.jks'),
  }
}

/**
 * The certificate of a data directory. It is made anew when there is none, when it has less than 30 days left, when its files do
 * not belong together, as after a crash between the two, or when one is damaged. Of a damaged trust store only that is made anew.
 *
 * @param nowMs milliseconds since the Unix epoch
 * @throws {KeysExposedError} when others can read the key
 */
export async function loadCertificate(dataDir: string, nowMs: number): Promise<CertificatePair> {
  const places = certificatePlaces(dataDir)
  const kept = await readPair(places)
  if (kept !== undefined && isUsablePair(kept, nowMs)) {
    await keepTrustStore(places.trustStore, kept.cert, nowMs)
    return kept
  }
  // Loaded only now: it is needed once a year.
  const { makeCertificate } = await import('./make-certificate.ts')
  const made = await makeCertificate(nowMs)
  await mkdir(join(dataDir, DIRECTORY), { recursive: true, mode: PRIVATE_DIRECTORY_MODE })
  await writeFileAtomically(places.key, made.key)
  await writeFileAtomically(places.trustStore, makeTrustStore(made.cert, nowMs))
  // The certificate is last: what stands beside it belongs to it.
  await writeFileAtomically(places.cert, made.cert)
  return made
}

async function keepTrustStore(path: string, cert: string, nowMs: number): Promise<void> {
  const found = await readFile(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return new Uint8Array()
    throw error
  })
  if (!isTrustStoreOf(found, cert)) await writeFileAtomically(path, makeTrustStore(cert, nowMs))
}

async function readPair({ cert, key }: CertificatePlaces): Promise<CertificatePair | undefined> {
  try {
    return { cert: await readFile(cert, 'utf8'), key: (await readPrivateFile(key)).toString() }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Whether both are what was written, belong together, and have more than 30 days left at `nowMs`. */
export function isUsablePair({ cert, key }: CertificatePair, nowMs: number): boolean {
  try {
    const certificate = new X509Certificate(cert)
    const privateKey = createPrivateKey(key)
    const endsMs = Date.parse(certificate.validTo)
    const beginsMs = Date.parse(certificate.validFrom)
    const isCurrent = beginsMs <= nowMs && nowMs < endsMs - RENEW_BEFORE_MS
    // Some turned bits change nothing that is read: the file is not what was written all the same.
    const isWritten = certificate.toString() === cert && pemOf(privateKey) === key
    return isCurrent && isWritten && belongTogether(certificate, privateKey)
  } catch {
    // Neither file holds a secret that is worth more than a new one: damaged means made anew.
    return false
  }
}

/** By way of its numbers alone: what else was read, as the version of the format, would be written again. */
function pemOf(key: KeyObject): string {
  const numbers = createPrivateKey({ key: key.export({ format: 'jwk' }), format: 'jwk' })
  return numbers.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** Not by `checkPrivateKey`: it compares the public halves, and a turned bit in the private one would be left to clients. */
function belongTogether(certificate: X509Certificate, key: KeyObject): boolean {
  const { publicKey, raw } = certificate
  return certificate.verify(publicKey) && verify('sha256', raw, publicKey, sign('sha256', raw, key))
}
