import { createHash } from 'node:crypto'
import type { IndexEntry } from '@jarswarm/manifest'
import type { SidecarAlgorithm } from '@jarswarm/maven'
import type { ArtifactOpener } from '@jarswarm/ports'
import { LRUCache } from 'lru-cache'
import type { HotBlobs, OpenBlob } from './hot-blobs.ts'
import { MAX_REMEMBERED_BLOBS } from './limits.ts'
import { untilAborted } from './until-aborted.ts'

interface DerivedDigests {
  readonly md5: string
  readonly sha512: string
}

/** Content of sidecars: SHA-1 and SHA-256 from the index, the others from the bytes, once. */
export class SidecarDigests {
  readonly #blobs: HotBlobs
  readonly #derived = new LRUCache<string, DerivedDigests>({ max: MAX_REMEMBERED_BLOBS })

  constructor(blobs: HotBlobs) {
    this.#blobs = blobs
  }

  /** The MD5 of a blob whose sidecar was asked for before; the index does not know it. */
  knownMd5(entry: IndexEntry): string | undefined {
    return this.#derived.get(entry.digest)?.md5
  }

  /**
   * @returns bare hex digits
   * @throws {UnavailableError} when the bytes are needed and cannot be had
   */
  async digestOf(
    source: ArtifactOpener,
    wanted: { readonly entry: IndexEntry; readonly algorithm: SidecarAlgorithm },
    signal: AbortSignal,
  ): Promise<string> {
    const { entry, algorithm } = wanted
    if (algorithm === 'sha1') return entry.sha1
    if (algorithm === 'sha256') return entry.digest
    const known = this.#derived.get(entry.digest)
    if (known !== undefined) return known[algorithm]
    const blob = await this.#blobs.open(source, entry, signal)
    const digests = await derive(blob, entry, signal)
    this.#derived.set(entry.digest, digests)
    return digests[algorithm]
  }
}

async function derive(
  blob: OpenBlob,
  entry: IndexEntry,
  signal: AbortSignal,
): Promise<DerivedDigests> {
  const md5 = createHash('md5')
  const sha512 = createHash('sha512')
  const update = (bytes: Uint8Array): void => {
    md5.update(bytes)
    sha512.update(bytes)
  }
  if (blob.kind === 'bytes') update(blob.bytes)
  else await readInto(blob, { sizeBytes: entry.sizeBytes, update }, signal)
  return { md5: md5.digest('hex'), sha512: sha512.digest('hex') }
}

async function readInto(
  blob: OpenBlob & { readonly kind: 'stream' },
  sink: { readonly sizeBytes: number; readonly update: (bytes: Uint8Array) => void },
  signal: AbortSignal,
): Promise<void> {
  const range = { offset: 0, length: sink.sizeBytes }
  const chunks = blob.content.read(range, { signal })[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await untilAborted(chunks.next(), signal)
      if (next.done === true) return
      sink.update(next.value)
    }
  } finally {
    blob.content.release()
  }
}
