import crc32c from 'crc-32/crc32c.js'

/** Added to each checksum by LevelDB, after turning it, so that one that covers another checksum still tells something. */
const MASK_DELTA = 0xa282ead8

/** Whether bytes are those that LevelDB wrote a checksum of. @param masked as it stands in the file, u32 little-endian */
export function fitsChecksum(bytes: Uint8Array, masked: number): boolean {
  const turned = (masked - MASK_DELTA) >>> 0
  return crc32c.buf(bytes) === ((turned >>> 17) | (turned << 15))
}
