import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { constants, createZstdCompress } from 'node:zlib'
import type { ZstdOptions } from 'node:zlib'
import { packChunks, parseIndexNode } from '@jarswarm/manifest'
import type { Digest, Head, NodeSource } from '@jarswarm/manifest'
import type { DurableFiles } from './durable-files.ts'
import { CorruptStateError } from './errors.ts'
import type { PublishedLayout } from './layout.ts'

/** A pack is made anew once this part of its objects has changed: one in ten. */
const PACK_RENEWAL_PARTS = 10

/**
 * Most of an index is digests in hexadecimal, in which only the alphabet can be saved: what higher levels find there by
 * looking longer are matches that cost more than they save. At 200 000 files level 1 gives 89.2 bytes a file, level 3
 * 91.0 in four times the time, level 9 91.8.
 */
export const PACK_COMPRESSION: ZstdOptions = {
  params: { [constants.ZSTD_c_compressionLevel]: 1 },
}

/** What is known of the newest pack. */
export interface PackState {
  readonly pack: NonNullable<Head['pack']>
  /** Objects in the pack. */
  readonly objects: number
  /** Objects that were published since. */
  readonly drift: number
}

/** Whether so much of the index has changed since that a new pack is due. */
export function isPackDue(state: PackState): boolean {
  return state.drift * PACK_RENEWAL_PARTS >= state.objects
}

/** Pack all objects of an index, and publish the pack. */
export async function writePack(
  root: Digest,
  source: NodeSource,
  target: { readonly files: DurableFiles; readonly layout: PublishedLayout },
): Promise<PackState> {
  const { files, layout } = target
  let objects = 0
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const object of walkObjects(root, source)) {
      objects += 1
      yield object
    }
  }
  // The types of `compose` promise less than it gives.
  const compressed = Readable.from(formatPackStream(counted())).compose<Readable>(
    createZstdCompress(PACK_COMPRESSION),
  ) as AsyncIterable<Uint8Array>
  const temporary = await files.stage(compressed)
  const { digest, sizeBytes } = await digestOf(temporary)
  await files.sync(temporary)
  await files.adopt(temporary, layout.pack(digest))
  return { pack: { digest, sizeBytes, root }, objects, drift: 0 }
}

async function* formatPackStream(objects: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* packChunks([])
  for await (const object of objects) {
    const [, ...chunks] = packChunks([object])
    yield* chunks
  }
}

/** All nodes and piece lists of an index, parents first, each once. */
async function* walkObjects(root: Digest, source: NodeSource): AsyncGenerator<Uint8Array> {
  const pieceLists = new Set<Digest>()
  const waiting = [root]
  for (let digest = waiting.pop(); digest !== undefined; digest = waiting.pop()) {
    const bytes = await readObject(digest, source)
    yield bytes
    const node = parseIndexNode(bytes)
    if (node.kind === 'branch') {
      waiting.push(...node.children.map((child) => child.digest))
      continue
    }
    for (const { pieceList } of node.contents.flatMap(({ entries }) => entries)) {
      // Files of equal bytes share theirs.
      if (pieceList === undefined || pieceLists.has(pieceList)) continue
      pieceLists.add(pieceList)
      yield await readObject(pieceList, source)
    }
  }
}

async function readObject(digest: Digest, source: NodeSource): Promise<Uint8Array> {
  const bytes = await source(digest)
  if (bytes !== undefined) return bytes
  throw new CorruptStateError(
    `Cannot pack the index: found no object ${digest}, wanted it under .jarswarm/objects`,
  )
}

async function digestOf(path: string): Promise<{ digest: Digest; sizeBytes: number }> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    sizeBytes += chunk.length
  }
  return { digest: hash.digest('hex'), sizeBytes }
}
