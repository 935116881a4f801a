import type { ChecksumKind } from '@jarswarm/ports'

const HEX_DIGITS: Readonly<Record<ChecksumKind, number>> = {
  sha512: 128,
  sha256: 64,
  sha1: 40,
  md5: 32,
}

/**
 * Read a checksum file: bare hex digits, `HEX  name`, or `SHA1(name)= HEX`. Held by whoever the origin lets write.
 *
 * @returns lower-case hex digits; undefined for anything else, such as the page of a server that never says 404
 */
export function parseChecksumFile(bytes: Uint8Array, kind: ChecksumKind): string | undefined {
  const words = Buffer.from(bytes).toString('latin1').trim().split(/\s+/)
  const pattern = new RegExp(`^[0-9a-fA-F]{${HEX_DIGITS[kind]}}$`)
  const found = [words[0], words.at(-1)].find((word) => word !== undefined && pattern.test(word))
  return found?.toLowerCase()
}
