import { pipeline } from 'node:stream'
import { constants, createZstdDecompress } from 'node:zlib'
import {
  IndexIntake,
  InvalidIndexNodeError,
  InvalidPackError,
  InvalidPieceListError,
  parsePack,
  parsePieceList,
} from '@jarswarm/manifest'
import type { AwaitedPieceList, Digest, Head, IndexEntry } from '@jarswarm/manifest'
import { NotHeldError, SourceUnavailableError, TruncatedError } from '@jarswarm/ports'
import type { IndexPart, IndexStore, Logger } from '@jarswarm/ports'
import { MAX_PACK_BYTES, MAX_PACK_WINDOW_BITS } from '../limits.ts'
import type { UpstreamSet } from '../upstreams/upstream-set.ts'
import type { UpstreamStanding } from '../upstreams/upstream-standing.ts'

export interface PackComponents {
  readonly index: IndexStore
  readonly upstreams: UpstreamSet
  readonly logger: Logger
  /** Called for each file of the index that comes; for some again when another upstream is asked. */
  readonly onEntry: (entry: IndexEntry) => void
}

type Pack = NonNullable<Head['pack']>

interface Asked {
  readonly standing: UpstreamStanding
  readonly pack: Pack
  readonly signal: AbortSignal
}

/** Unpacked at a time: by the default of 16 KiB, the thread pool would be asked four times as often. */
const CHUNK_BYTES = 64 * 1024

/** Takes the whole index of a pack in one download, when a healthy upstream has it. */
export class PackTaker {
  readonly #components: PackComponents
  /** Who sent something else, and is not asked for that pack again. */
  readonly #wrong = new WeakMap<UpstreamStanding, Digest>()

  constructor(components: PackComponents) {
    this.#components = components
  }

  /**
   * Take the objects of a pack, and its paths in place of those that are here. Each object is verified on its way from the root
   * that the head names, while it comes.
   *
   * @returns whether the index of the pack's root is wholly here. Else the objects that came are, and the paths are of no index
   * @throws what the index store throws, and the signal's reason
   */
  async take(pack: Pack, signal: AbortSignal): Promise<boolean> {
    if (pack.sizeBytes > MAX_PACK_BYTES) return false
    for (const standing of this.#components.upstreams.rankedPublishers()) {
      const isPromising =
        standing.upstream.health().healthy && this.#wrong.get(standing) !== pack.digest
      if (isPromising && (await this.#takeFrom({ standing, pack, signal }))) return true
    }
    return false
  }

  async #takeFrom(asked: Asked): Promise<boolean> {
    const { index } = this.#components
    let shared: readonly AwaitedPieceList[] | undefined
    const parts = this.#parts(asked, (named) => {
      shared = named
    })
    await index.load(parts, { signal: asked.signal })
    return shared !== undefined && (await hasPieceLists(index, shared))
  }

  /** Ends early when the upstream gives no more, or something else: what came until then is kept. */
  async *#parts(
    { standing, pack, signal }: Asked,
    onEnd: (shared: readonly AwaitedPieceList[]) => void,
  ): AsyncGenerator<IndexPart> {
    const { logger, onEntry } = this.#components
    const intake = new IndexIntake(pack.root)
    try {
      const name = { kind: 'pack', digest: pack.digest } as const
      const chunks = standing.upstream.readArtifact(name, { signal, sizeBytes: pack.sizeBytes })
      for await (const bytes of parsePack(unpack(chunks))) {
        signal.throwIfAborted()
        const { entries, ...object } = intake.take(bytes)
        for (const entry of entries) onEntry(entry)
        yield { object, entries }
      }
      onEnd(intake.end())
    } catch (error) {
      signal.throwIfAborted()
      if (isWrong(error)) {
        this.#wrong.set(standing, pack.digest)
        standing.blame(`pack ${pack.digest}`)
      } else if (!isMissing(error)) throw error
      logger.debug({ error: String(error) }, 'an upstream gave no pack, or not all of it')
    }
  }
}

async function* unpack(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const unpacking = createZstdDecompress({
    chunkSize: CHUNK_BYTES,
    params: { [constants.ZSTD_d_windowLogMax]: MAX_PACK_WINDOW_BITS },
  })
  // What goes wrong on the way ends the iteration.
  pipeline(chunks, unpacking, () => undefined)
  try {
    yield* unpacking as AsyncIterable<Uint8Array>
  } catch (error) {
    throw isZlibError(error) ? new InvalidPackError(error.message) : error
  }
}

async function hasPieceLists(
  index: IndexStore,
  wanted: readonly AwaitedPieceList[],
): Promise<boolean> {
  for (const { digest, sizeBytes } of wanted) {
    const bytes = await index.getObject(digest)
    if (bytes === undefined) return false
    parsePieceList(bytes, sizeBytes)
  }
  return true
}

function isZlibError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && /^(ZSTD|Z)_/.test(String(error.code))
}

/** Whether an upstream sent something else than the pack. */
function isWrong(error: unknown): error is Error {
  return (
    error instanceof InvalidPackError ||
    error instanceof InvalidIndexNodeError ||
    error instanceof InvalidPieceListError
  )
}

function isMissing(error: unknown): boolean {
  return (
    error instanceof NotHeldError ||
    error instanceof SourceUnavailableError ||
    error instanceof TruncatedError
  )
}
