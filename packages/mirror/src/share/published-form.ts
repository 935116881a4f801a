import type { Digest } from '@jarswarm/manifest'
import { PIECE_BYTES } from '@jarswarm/manifest'
import { UnavailableError } from '@jarswarm/ports'
import type {
  AbortOptions,
  ArtifactContent,
  BlobStore,
  ByteRange,
  IndexStore,
  PublishedName,
} from '@jarswarm/ports'
import type { TrustedRepository } from '@jarswarm/trust'
import type { IndexKeeper } from '../index-tree/index-keeper.ts'
import { guardedContent } from '../withdrawal/guarded-content.ts'
import type { HeldBlobs } from './held-blobs.ts'

export interface PublishedFormComponents {
  readonly blobs: BlobStore
  readonly index: IndexStore
  readonly tree: Pick<IndexKeeper, 'completeRoot'>
  readonly held: Pick<HeldBlobs, 'has'>
  /** @defaultValue none is denied */
  readonly isDenied?: (digest: Digest) => boolean
  readonly trusted: () => TrustedRepository | undefined
  readonly readLogTile: (tile: string) => Promise<Uint8Array | undefined>
}

/** What this node has of a repository's published form, for other nodes that use it as a mirror. */
export class PublishedForm {
  readonly #components: PublishedFormComponents
  #manifest: Uint8Array | undefined

  constructor(components: PublishedFormComponents) {
    this.#components = components
  }

  /**
   * Open a part of it; undefined when it is not here. Index nodes and manifest were verified when they came; the bytes of
   * blobs are compared by whoever reads them, as between peers.
   */
  async open(name: PublishedName): Promise<ArtifactContent | undefined> {
    switch (name.kind) {
      case 'manifest':
        return ofBytes(this.#newestComplete())
      case 'root':
        return ofBytes(this.#components.trusted()?.root(name.number))
      case 'object':
        return ofBytes(await this.#components.index.getObject(name.digest))
      case 'blob':
        return await this.#blob(name.digest)
      case 'log':
        return ofBytes(await this.#components.readLogTile(name.tile))
      // A pack is made by the publisher.
      case 'pack':
        return undefined
    }
  }

  /** A manifest is shown once all that it leads to is here: nobody is sent to what is not there yet. */
  #newestComplete(): Uint8Array | undefined {
    const { trusted, tree } = this.#components
    const repository = trusted()
    const root = repository?.head?.index.root
    if (root !== undefined && root === tree.completeRoot) this.#manifest = repository?.manifest
    return this.#manifest
  }

  async #blob(digest: Digest): Promise<ArtifactContent | undefined> {
    const { blobs, held, isDenied } = this.#components
    // The store is shared with other repositories, also with those that are nobody else's business.
    const mayGive = (): boolean => held.has(digest) && isDenied?.(digest) !== true
    if (!mayGive()) return undefined
    const hold = blobs.hold(digest)
    const stat = await blobs.stat(digest)
    if (stat === undefined) {
      hold.release()
      return undefined
    }
    let isHeld = true
    const content: ArtifactContent = {
      source: 'store',
      sizeBytes: stat.sizeBytes,
      read: (range, options) => readBlob(blobs, digest, { ...range, ...options }),
      release: () => {
        if (isHeld) hold.release()
        isHeld = false
      },
    }
    return guardedContent(content, () => {
      if (!mayGive()) throw new UnavailableError('A blob is not given any more')
    })
  }
}

async function* readBlob(
  blobs: BlobStore,
  digest: Digest,
  { offset, length, signal }: ByteRange & AbortOptions,
): AsyncGenerator<Uint8Array> {
  for (let at = offset; at < offset + length; at += PIECE_BYTES) {
    signal?.throwIfAborted()
    const range = { offset: at, length: Math.min(PIECE_BYTES, offset + length - at) }
    const bytes = await blobs.read(digest, range)
    if (bytes === undefined) throw new UnavailableError('Cannot read a blob: it left the store')
    yield bytes
  }
}

function ofBytes(bytes: Uint8Array | undefined): ArtifactContent | undefined {
  if (bytes === undefined) return undefined
  return {
    source: 'store',
    sizeBytes: bytes.length,
    read: async function* ({ offset, length }) {
      await Promise.resolve()
      if (length > 0) yield bytes.subarray(offset, offset + length)
    },
    release: () => undefined,
  }
}
