import { InvalidPackError, parsePack, sha256 } from '@jarswarm/manifest'
import type { Head } from '@jarswarm/manifest'
import type { IndexStore, Logger, NamedObject } from '@jarswarm/ports'
import type { UpstreamSet } from '../upstreams/upstream-set.ts'
import { createZstdDecompress } from 'node:zlib'
import { MAX_PACK_BYTES, MAX_UNPACKED_BYTES } from '../limits.ts'

/** A batch is written when it has so many objects, or so many bytes: mostly objects have about 1 KiB, but one may have 1 MiB. */
const BATCH_OBJECTS = 512
const BATCH_BYTES = 1024 * 1024
/** Unpacked at a time: by the default of 16 KiB, the thread pool would be asked four times as often. */
const CHUNK_BYTES = 64 * 1024

interface PackComponents {
  readonly index: IndexStore
  readonly upstreams: UpstreamSet
  readonly logger: Logger
}

/**
 * Fetch the whole index in one download, when there is one and a healthy upstream has it. Only a hint: whatever is
 * missing afterwards, or all of it when this fails, is fetched object by object, and each is verified on its way from
 * the root.
 */
export async function fetchPack(
  components: PackComponents,
  head: Head,
  signal: AbortSignal,
): Promise<void> {
  const { index, logger } = components
  const bytes = await download(components, head, signal)
  if (bytes === undefined) return
  try {
    let batch: NamedObject[] = []
    let batchBytes = 0
    for await (const object of parsePack(atMostUnpacked(unpack(bytes)))) {
      batch.push({ digest: sha256(object), bytes: object })
      batchBytes += object.length
      if (batch.length < BATCH_OBJECTS && batchBytes < BATCH_BYTES) continue
      signal.throwIfAborted()
      await index.putObjects(batch)
      batch = []
      batchBytes = 0
    }
    await index.putObjects(batch)
  } catch (error) {
    signal.throwIfAborted()
    logger.warn({ error: String(error) }, 'pack could not be used')
  }
}

/** Unpacks no faster than what comes of it is taken. */
function unpack(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  const unpacking = createZstdDecompress({ chunkSize: CHUNK_BYTES })
  unpacking.end(bytes)
  return unpacking as AsyncIterable<Uint8Array>
}

/** @throws {InvalidPackError} when there is more than MAX_UNPACKED_BYTES */
export async function* atMostUnpacked(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let left = MAX_UNPACKED_BYTES
  for await (const chunk of chunks) {
    left -= chunk.length
    if (left < 0) throw new InvalidPackError(`more than ${String(MAX_UNPACKED_BYTES)} bytes`)
    yield chunk
  }
}

async function download(
  { upstreams, logger }: PackComponents,
  { pack }: Head,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (pack === null || pack.sizeBytes > MAX_PACK_BYTES) return undefined
  for (const standing of upstreams.rankedPublishers()) {
    const { upstream } = standing
    if (!upstream.health().healthy) continue
    try {
      const name = { kind: 'pack', digest: pack.digest } as const
      const bytes = await upstream.readPublished(name, { signal, maxBytes: pack.sizeBytes })
      if (sha256(bytes) === pack.digest) return bytes
      standing.blame(`pack ${pack.digest}`)
    } catch (error) {
      signal.throwIfAborted()
      logger.debug({ error: String(error) }, 'upstream gave no pack')
    }
  }
  return undefined
}
