import { MAX_OBJECT_BYTES, sha256 } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import { MAX_MANIFEST_BYTES, MAX_ROOT_BYTES } from '@jarswarm/trust'
import { openTreeFile } from './tree-file.ts'

/** Entry bundles are the largest tiles: 256 entries of at most 64 KiB each, but lines are far shorter. */
const MAX_TILE_BYTES = 1024 * 1024

/** Reads the published form of a repository, the files below `.jarswarm/`. Verifies no signature: callers do. */
export class PublishedFiles {
  readonly #root: string

  /** @param root real path of the directory that is published as `.jarswarm/` */
  constructor(root: string) {
    this.#root = root
  }

  manifest(): Promise<Uint8Array | undefined> {
    return this.#read('manifest', MAX_MANIFEST_BYTES)
  }

  root(number: number): Promise<Uint8Array | undefined> {
    return this.#read(`roots/${String(number)}.root.json`, MAX_ROOT_BYTES)
  }

  /** @returns undefined also when the bytes are not those of the digest */
  async object(digest: Digest): Promise<Uint8Array | undefined> {
    const bytes = await this.#read(`objects/${digest.slice(0, 2)}/${digest}`, MAX_OBJECT_BYTES)
    return bytes !== undefined && sha256(bytes) === digest ? bytes : undefined
  }

  /** @param tile name below `log/`, as it came from a peer */
  logTile(tile: string): Promise<Uint8Array | undefined> {
    return this.#read(`log/${tile}`, MAX_TILE_BYTES)
  }

  async #read(name: string, maxBytes: number): Promise<Uint8Array | undefined> {
    const file = await openTreeFile(this.#root, name)
    if (file === undefined) return undefined
    try {
      return file.sizeBytes > maxBytes ? undefined : await file.handle.readFile()
    } finally {
      await file.handle.close()
    }
  }
}
