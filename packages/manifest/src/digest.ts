import { hash } from 'node:crypto'

/** A SHA-256 in hex: 64 lower-case characters. */
export type Digest = string

const DIGEST = /^[0-9a-f]{64}$/

/** The SHA-256 of some bytes. */
export function sha256(bytes: Uint8Array): Digest {
  return hash('sha256', bytes)
}

/** Whether a text has the form of a digest. */
export function isDigest(text: string): boolean {
  return DIGEST.test(text)
}
