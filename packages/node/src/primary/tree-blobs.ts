import { parsePieceList, PIECE_BYTES, sha256 } from '@jarswarm/manifest'
import type { Digest, IndexEntry } from '@jarswarm/manifest'
import type { ByteRange } from '@jarswarm/ports'
import type { PublishedFiles } from './published-files.ts'
import { openTreeFile } from './tree-file.ts'
import type { TreeFile } from './tree-file.ts'

export interface TreeBlobsComponents {
  readonly published: Pick<PublishedFiles, 'object'>
}

export interface TreeBlobsInit {
  /** Real path of the tree. */
  readonly treeRoot: string
  /** Real path of the directory that is published as `.jarswarm/`. */
  readonly publishedRoot: string
}

/** What is remembered of a blob: where it is, and what its bytes are compared with. */
type HeldBlob = Pick<IndexEntry, 'path' | 'digest' | 'sizeBytes' | 'pieceList'>

/**
 * The blobs of a published tree, read from the artifacts themselves: nothing is copied.
 *
 * A file may change under its name at any moment, and disks lose bits, which no time of a file tells. So each byte is
 * compared on its way out, with the digest of a small blob or of a large one's piece. A mutable file that has changed
 * since is read from `blobs/` of the published form.
 */
export class TreeBlobs {
  readonly #published: Pick<PublishedFiles, 'object'>
  readonly #init: TreeBlobsInit
  readonly #held = new Map<Digest, HeldBlob>()

  constructor({ published }: TreeBlobsComponents, init: TreeBlobsInit) {
    this.#published = published
    this.#init = init
  }

  /** Remember where a blob is. Of several paths with equal bytes, the last one counts. */
  add({ path, digest, sizeBytes, pieceList }: HeldBlob): void {
    this.#held.set(digest, { path, digest, sizeBytes, pieceList })
  }

  /** Forget where all blobs are. */
  clear(): void {
    this.#held.clear()
  }

  has(digest: Digest): boolean {
    return this.#held.has(digest)
  }

  digests(): IterableIterator<Digest> {
    return this.#held.keys()
  }

  /** @returns undefined when the blob is not here as it was published, or the range leaves it */
  async read(digest: Digest, range: ByteRange): Promise<Uint8Array | undefined> {
    const blob = this.#held.get(digest)
    if (blob === undefined || range.offset + range.length > blob.sizeBytes) return undefined
    const pieces = await this.#piecesOf(blob)
    if (pieces === undefined) return undefined
    const { treeRoot, publishedRoot } = this.#init
    const copy = `blobs/${digest.slice(0, 2)}/${digest}`
    const wanted = { sizeBytes: blob.sizeBytes, pieces, range }
    return (
      (await readVerified(await openTreeFile(treeRoot, blob.path), wanted)) ??
      (await readVerified(await openTreeFile(publishedRoot, copy), wanted))
    )
  }

  /** The digests of the pieces, of a small blob its own; undefined when the piece list is lost. */
  async #piecesOf(blob: HeldBlob): Promise<readonly Digest[] | undefined> {
    if (blob.pieceList === undefined) return [blob.digest]
    const list = await this.#published.object(blob.pieceList)
    return list && parsePieceList(list, blob.sizeBytes)
  }
}

interface WantedBytes {
  readonly sizeBytes: number
  readonly pieces: readonly Digest[]
  readonly range: ByteRange
}

/** Read the pieces that a range lies in, and close the file. */
async function readVerified(
  file: TreeFile | undefined,
  { sizeBytes, pieces, range }: WantedBytes,
): Promise<Uint8Array | undefined> {
  if (file === undefined) return undefined
  await using handle = file.handle
  if (file.sizeBytes !== sizeBytes) return undefined
  const rangeEnd = range.offset + range.length
  const first = Math.floor(range.offset / PIECE_BYTES)
  const last = Math.max(first, Math.ceil(rangeEnd / PIECE_BYTES) - 1)
  const start = first * PIECE_BYTES
  const bytes = new Uint8Array(Math.min(sizeBytes, (last + 1) * PIECE_BYTES) - start)
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, start)
  if (bytesRead !== bytes.length) return undefined
  for (let at = first; at <= last; at += 1) {
    const from = at * PIECE_BYTES - start
    if (sha256(bytes.subarray(from, from + PIECE_BYTES)) !== pieces[at]) return undefined
  }
  return bytes.subarray(range.offset - start, rangeEnd - start)
}
