import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PRIVATE_DIRECTORY_MODE, readPrivateFile, writeFileAtomically } from '@jarswarm/files'
import { errorCode } from '../error-code.ts'
import type { CertificatePair } from './make-certificate.ts'
import { makeTrustStore } from './trust-store.ts'

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
 * The certificate of a data directory. It is made anew when there is none, when it has less than 30 days left, or when
 * its files do not belong together, as after a crash between the two.
 *
 * @param nowMs milliseconds since the Unix epoch
 * @throws {KeysExposedError} when others can read the key
 */
export async function loadCertificate(dataDir: string, nowMs: number): Promise<CertificatePair> {
  const places = certificatePlaces(dataDir)
  const kept = await readPair(places)
  if (kept !== undefined && isUsable(kept, nowMs)) return kept
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

async function readPair({ cert, key }: CertificatePlaces): Promise<CertificatePair | undefined> {
  try {
    return { cert: await readFile(cert, 'utf8'), key: (await readPrivateFile(key)).toString() }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

function isUsable({ cert, key }: CertificatePair, nowMs: number): boolean {
  try {
    const certificate = new X509Certificate(cert)
    const endsMs = Date.parse(certificate.validTo)
    const beginsMs = Date.parse(certificate.validFrom)
    const isCurrent = beginsMs <= nowMs && nowMs < endsMs - RENEW_BEFORE_MS
    return isCurrent && certificate.checkPrivateKey(createPrivateKey(key))
  } catch {
    // Neither file holds a secret that is worth more than a new one: damaged means made anew.
    return false
  }
}
