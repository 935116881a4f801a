import { MAX_OBJECT_BYTES } from '@jarswarm/manifest'
import type { IndexEntry } from '@jarswarm/manifest'
import { isMutablePath } from '@jarswarm/maven'
import { NotHeldError, TruncatedError } from '@jarswarm/ports'
import type { Upstream } from '@jarswarm/ports'
import type { UpstreamStanding } from '../upstreams/upstream-standing.ts'
import type { Part, PartFetchOptions, PartSource } from './part.ts'

/** Adjacent pieces that come in one HTTP answer: 4 MiB, so that a cut costs little and a round trip counts little. */
export const UPSTREAM_RUN = 16
/** Requests of one download to one upstream at a time. */
export const UPSTREAM_BLOB_LANES = 2
/** Requests for index objects to one upstream at a time. */
export const UPSTREAM_OBJECT_LANES = 16
/** Least time before an upstream counts as slow. */
export const MIN_UPSTREAM_PATIENCE_MS = 500
/** Median of an upstream that was not asked yet. */
const UNKNOWN_MEDIAN_MS = 400

/** The origin or a mirror as a source of the pieces of one artifact, or of index objects. */
export class UpstreamSource implements PartSource {
  readonly kind: 'origin' | 'mirror'
  readonly name: string
  readonly allOrNothing: boolean
  readonly #standing: UpstreamStanding
  readonly #upstream: Upstream
  readonly #entry: IndexEntry | undefined

  /** @param entry the artifact whose pieces are wanted; undefined when the parts are objects */
  constructor(standing: UpstreamStanding, entry?: IndexEntry) {
    this.#standing = standing
    this.#upstream = standing.upstream
    this.#entry = entry
    this.kind = this.#upstream.kind
    this.name = `${this.kind} ${this.#upstream.url}`
    this.allOrNothing = entry !== undefined
  }

  get lanes(): number {
    if (this.#entry === undefined) return UPSTREAM_OBJECT_LANES
    return this.#upstream.ignoresRanges ? 1 : UPSTREAM_BLOB_LANES
  }

  /** All that is left, where each request sends the whole anyway. */
  get maxRun(): number {
    if (this.#entry === undefined) return 1
    return this.#upstream.ignoresRanges ? Infinity : UPSTREAM_RUN
  }

  patienceMs(): number {
    const medianMs = this.#upstream.health().medianMs ?? UNKNOWN_MEDIAN_MS
    return Math.max(MIN_UPSTREAM_PATIENCE_MS, medianMs * 2)
  }

  async *fetch(run: readonly Part[], options: PartFetchOptions): AsyncGenerator<Uint8Array> {
    if (this.#entry === undefined) yield* this.#objects(run, options)
    else yield* this.#pieces(this.#entry, run, options)
  }

  /** How an upstream stands follows from its requests as a whole. */
  credit(): void {
    return undefined
  }

  blame(): void {
    this.#standing.blame(this.#entry?.path ?? 'index')
  }

  async *#objects(run: readonly Part[], options: PartFetchOptions): AsyncGenerator<Uint8Array> {
    for (const { digest } of run) {
      yield await this.#upstream.readPublished(
        { kind: 'object', digest },
        { signal: options.signal, maxBytes: MAX_OBJECT_BYTES },
      )
    }
  }

  async *#pieces(
    entry: IndexEntry,
    run: readonly Part[],
    options: PartFetchOptions,
  ): AsyncGenerator<Uint8Array> {
    const lengths = run.map(({ length }) => length)
    const length = lengths.reduce((sum, next) => sum + next, 0)
    const range =
      length === entry.sizeBytes ? {} : { range: { offset: run[0]?.offset ?? 0, length } }
    const name = isMutablePath(entry.path)
      ? ({ kind: 'blob', digest: entry.digest } as const)
      : entry.path
    const reading = { signal: options.signal, sizeBytes: entry.sizeBytes, ...range }
    try {
      yield* regroup(this.#upstream.readArtifact(name, reading), lengths, options)
      this.#standing.gave()
    } catch (error) {
      if (error instanceof NotHeldError) this.#standing.missed()
      throw error
    }
  }
}

/** Cut a stream of chunks into pieces of the given lengths. */
async function* regroup(
  chunks: AsyncIterable<Uint8Array>,
  lengths: readonly number[],
  options: PartFetchOptions,
): AsyncGenerator<Uint8Array> {
  const waiting = [...lengths]
  let wanted = waiting.shift()
  let held: Uint8Array[] = []
  let heldBytes = 0
  for await (const chunk of chunks) {
    options.progress(chunk.length)
    let rest = chunk
    while (wanted !== undefined && heldBytes + rest.length >= wanted) {
      const cut = wanted - heldBytes
      yield Buffer.concat([...held, rest.subarray(0, cut)])
      rest = rest.subarray(cut)
      held = []
      heldBytes = 0
      wanted = waiting.shift()
    }
    if (rest.length > 0) held.push(rest)
    heldBytes += rest.length
  }
  if (wanted !== undefined) throw new TruncatedError('Cannot cut the body into pieces: ended early')
}
