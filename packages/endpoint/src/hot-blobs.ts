import type { ArtifactContent, ArtifactOpener, Prefetch, SourceKind } from '@jarswarm/ports'
import type { IndexEntry } from '@jarswarm/manifest'
import { TruncatedError } from '@jarswarm/ports'
import { LRUCache } from 'lru-cache'
import { HOT_CACHE_BYTES, MAX_HOT_BLOB_BYTES } from './limits.ts'
import { untilAborted } from './until-aborted.ts'

/** An artifact ready to be sent: from memory, or as a stream that the receiver must release. */
export type OpenBlob =
  | { readonly kind: 'bytes'; readonly source: SourceKind; readonly bytes: Uint8Array }
  | { readonly kind: 'stream'; readonly source: SourceKind; readonly content: ArtifactContent }

export interface HotBlobsComponents {
  /** Has in memory what it fetched ahead. */
  readonly prefetch?: Pick<Prefetch, 'take'> | undefined
}

export interface HotBlobsInit {
  /** @defaultValue {@link HOT_CACHE_BYTES} */
  readonly hotCacheBytes?: number
}

/** Opens artifacts, and keeps the small ones in memory by digest so that they are sent in one write. */
export class HotBlobs {
  readonly #prefetch: HotBlobsComponents['prefetch']
  readonly #cache: LRUCache<string, OpenBlob & { readonly kind: 'bytes' }>

  constructor({ prefetch }: HotBlobsComponents = {}, init: HotBlobsInit = {}) {
    this.#prefetch = prefetch
    this.#cache = new LRUCache({
      maxSize: init.hotCacheBytes ?? HOT_CACHE_BYTES,
      maxEntrySize: MAX_HOT_BLOB_BYTES,
      sizeCalculation: ({ bytes }) => Math.max(1, bytes.length),
    })
  }

  /** The bytes when they are in memory. */
  recall(entry: IndexEntry): OpenBlob | undefined {
    return this.#cache.get(entry.digest) ?? this.#takeAhead(entry)
  }

  /** What was fetched ahead is kept here from when it is asked for. */
  #takeAhead({ digest }: IndexEntry): OpenBlob | undefined {
    const bytes = this.#prefetch?.take(digest)
    if (bytes === undefined) return undefined
    const blob = { kind: 'bytes', source: 'store', bytes } as const
    this.#cache.set(digest, blob)
    return blob
  }

  /** @throws {UnavailableError} when no source has the bytes now */
  async open(source: ArtifactOpener, entry: IndexEntry, signal: AbortSignal): Promise<OpenBlob> {
    const hot = this.recall(entry)
    if (hot !== undefined) return hot
    const content = await untilAborted(source.open(entry, { signal }), signal, (late) => {
      late.release()
    })
    if (entry.sizeBytes > MAX_HOT_BLOB_BYTES || content.early === true)
      return { kind: 'stream', source: content.source, content }
    try {
      const bytes = await readWhole(content, entry, signal)
      this.#cache.set(entry.digest, { kind: 'bytes', source: 'store', bytes })
      return { kind: 'bytes', source: content.source, bytes }
    } finally {
      content.release()
    }
  }
}

/** Read a small blob into one buffer of exactly the indexed size. */
async function readWhole(
  content: ArtifactContent,
  entry: IndexEntry,
  signal: AbortSignal,
): Promise<Uint8Array> {
  // A buffer, which a socket takes as it is.
  const bytes = Buffer.from(new ArrayBuffer(entry.sizeBytes))
  if (bytes.length === 0) return bytes
  const range = { offset: 0, length: bytes.length }
  const chunks = content.read(range, { signal })[Symbol.asyncIterator]()
  let filled = 0
  for (;;) {
    const next = await untilAborted(chunks.next(), signal)
    if (next.done === true) break
    if (filled + next.value.length > bytes.length) throw wrongSize(entry)
    bytes.set(next.value, filled)
    filled += next.value.length
  }
  if (filled !== bytes.length) throw wrongSize(entry)
  return bytes
}

function wrongSize(entry: IndexEntry): TruncatedError {
  return new TruncatedError(
    `Cannot read ${entry.path}: the source ended elsewhere, wanted ${entry.sizeBytes} bytes`,
  )
}
