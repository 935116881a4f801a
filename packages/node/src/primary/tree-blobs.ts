import { createHash } from 'node:crypto'
import type { Digest } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import type { ByteRange } from '@jarswarm/ports'
import { MAX_VERIFIED_FILES } from '../limits/limits.ts'
import { openTreeFile } from './tree-file.ts'
import type { TreeFile } from './tree-file.ts'

export interface TreeBlobsInit {
  /** Real path of the tree. */
  readonly treeRoot: string
  /** Real path of the directory that is published as `.jarswarm/`. */
  readonly publishedRoot: string
}

/**
 * The blobs of a published tree, read from the artifacts themselves: nothing is copied.
 *
 * A file may change under its name at any moment, so no byte of it is given out before the whole was compared
 * with its digest, and again whenever its size or time differ. A mutable file that has changed since is read
 * from `blobs/` of the published form.
 */
export class TreeBlobs {
  readonly #init: TreeBlobsInit
  readonly #paths = new Map<Digest, RepositoryPath>()
  readonly #verified = new Map<string, Promise<boolean>>()

  constructor(init: TreeBlobsInit) {
    this.#init = init
  }

  /** Remember where a blob is. Of several paths with equal bytes, the last one counts. */
  add(digest: Digest, path: RepositoryPath): void {
    this.#paths.set(digest, path)
  }

  /** Forget where all blobs are. */
  clear(): void {
    this.#paths.clear()
  }

  has(digest: Digest): boolean {
    return this.#paths.has(digest)
  }

  digests(): IterableIterator<Digest> {
    return this.#paths.keys()
  }

  /** @returns undefined when the blob is not here any more, or the range leaves it */
  async read(digest: Digest, range: ByteRange): Promise<Uint8Array | undefined> {
    const path = this.#paths.get(digest)
    if (path === undefined) return undefined
    const { treeRoot, publishedRoot } = this.#init
    return (
      (await this.#readFile({ root: treeRoot, name: path, digest }, range)) ??
      (await this.#readFile(
        { root: publishedRoot, name: `blobs/${digest.slice(0, 2)}/${digest}`, digest },
        range,
      ))
    )
  }

  async #readFile(at: BlobFile, range: ByteRange): Promise<Uint8Array | undefined> {
    const file = await openTreeFile(at.root, at.name)
    if (file === undefined) return undefined
    try {
      if (range.offset + range.length > file.sizeBytes) return undefined
      if (!(await this.#isVerified(at, file))) return undefined
      const bytes = new Uint8Array(range.length)
      const { bytesRead } = await file.handle.read(bytes, 0, range.length, range.offset)
      return bytesRead === range.length ? bytes : undefined
    } finally {
      await file.handle.close()
    }
  }

  /** Pieces of one large file are asked for at once: the first one's comparison serves all. */
  #isVerified({ digest }: BlobFile, file: TreeFile): Promise<boolean> {
    const key = `${digest} ${String(file.sizeBytes)} ${String(file.mtimeMs)}`
    const known = this.#verified.get(key)
    if (known !== undefined) return known
    const [oldest] = this.#verified.keys()
    if (this.#verified.size >= MAX_VERIFIED_FILES && oldest !== undefined)
      this.#verified.delete(oldest)
    const verified = hashes(file, digest)
    this.#verified.set(key, verified)
    // A failure of the disk says nothing about the bytes.
    verified.catch(() => this.#verified.delete(key))
    return verified
  }
}

interface BlobFile {
  readonly root: string
  readonly name: string
  readonly digest: Digest
}

async function hashes(file: TreeFile, digest: Digest): Promise<boolean> {
  const hash = createHash('sha256')
  const stream = file.handle.createReadStream({ start: 0, autoClose: false })
  for await (const chunk of stream) hash.update(chunk as Uint8Array)
  return hash.digest('hex') === digest
}
