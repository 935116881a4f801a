import { createHash } from 'node:crypto'

/** What BitTorrent writes: whole numbers, strings, and dictionaries of them. */
export type Bencoded = number | string | Uint8Array | { readonly [key: string]: Bencoded }

/** @see https://www.bittorrent.org/beps/bep_0003.html */
export function bencode(value: Bencoded): Buffer {
  if (typeof value === 'number') return Buffer.from(`i${String(value)}e`)
  if (typeof value === 'string' || value instanceof Uint8Array) {
    const bytes = Buffer.from(value as Uint8Array)
    return Buffer.concat([Buffer.from(`${String(bytes.length)}:`), bytes])
  }
  const keys = Object.keys(value).toSorted()
  const parts = keys.flatMap((key) => [bencode(key), bencode(value[key] ?? '')])
  return Buffer.concat([Buffer.from('d'), ...parts, Buffer.from('e')])
}

const PIECE_BYTES = 1_048_576

/** A torrent of one file. */
export function torrentOf(
  bytes: Uint8Array,
  { name, announce }: { readonly name: string; readonly announce: string },
): Buffer {
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += PIECE_BYTES)
    pieces.push(
      createHash('sha1')
        .update(bytes.subarray(at, at + PIECE_BYTES))
        .digest(),
    )
  const info = { length: bytes.length, name, 'piece length': PIECE_BYTES }
  return bencode({ announce, info: { ...info, pieces: Buffer.concat(pieces) } })
}
