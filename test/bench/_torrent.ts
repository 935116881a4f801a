import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What BitTorrent writes: whole numbers, strings, lists, and dictionaries. */
export type Bencoded =
  number | string | Uint8Array | readonly Bencoded[] | { readonly [key: string]: Bencoded }

/** @see https://www.bittorrent.org/beps/bep_0003.html */
export function bencode(value: Bencoded): Buffer {
  if (typeof value === 'number') return Buffer.from(`i${String(value)}e`)
  if (typeof value === 'string') return bencode(Buffer.from(value))
  if (value instanceof Uint8Array)
    return Buffer.concat([Buffer.from(`${String(value.length)}:`), value])
  const parts = isList(value)
    ? value.map(bencode)
    : Object.entries(value)
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .flatMap(([key, part]) => [bencode(key), bencode(part)])
  return Buffer.concat([Buffer.from(isList(value) ? 'l' : 'd'), ...parts, Buffer.from('e')])
}

const isList = (value: object): value is readonly Bencoded[] => Array.isArray(value)

const PIECE_BYTES = 1_048_576

export interface TorrentInit {
  /** Directory that the folder stands in. */
  readonly directory: string
  /** Where all files stand; its name is also that of the torrent. */
  readonly folder: string
  /** Paths in the folder. */
  readonly paths: readonly string[]
  readonly announce: string
  /** Web server over the directory, with a trailing slash, which gives what peers do not; BEP 19. */
  readonly webSeed?: string
}

/** A torrent of files in a folder. */
export function torrentOf({ directory, folder, paths, announce, webSeed }: TorrentInit): Buffer {
  const contents = paths.map((path) => readFileSync(join(directory, folder, path)))
  const files = paths.map((path, at) => ({
    length: contents[at]?.length ?? 0,
    path: path.split('/'),
  }))
  const pieces = piecesOf(Buffer.concat(contents))
  return bencode({
    announce,
    info: { files, name: folder, 'piece length': PIECE_BYTES, pieces },
    ...(webSeed !== undefined && { 'url-list': webSeed }),
  })
}

function piecesOf(bytes: Uint8Array): Buffer {
  const hashes: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += PIECE_BYTES)
    hashes.push(
      createHash('sha1')
        .update(bytes.subarray(at, at + PIECE_BYTES))
        .digest(),
    )
  return Buffer.concat(hashes)
}
