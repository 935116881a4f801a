import type { Digest } from '@jarswarm/manifest'

/** SHA-256 of the bytes of the first `1.root.json`: names a repository everywhere, for good. */
export type RepositoryId = Digest

/** Digits of a fingerprint: 96 bits, so that nobody makes a second repository that shows the same. */
const FINGERPRINT_DIGITS = 24

/** The beginning of a repository id for people to compare, in groups of four digits. */
export function fingerprintOf(id: RepositoryId): string {
  return (id.slice(0, FINGERPRINT_DIGITS).match(/.{4}/g) ?? []).join(' ')
}
